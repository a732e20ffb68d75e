/*
 * Keys that sign the tokens of tests, and nothing else: private ones as PEM, public ones as JSON Web Keys.
 *
 * TOKEN_..._JWK(members) has these members ("\"kid\":\"k\"," or "") before its own.
 */
#ifndef PFX_TOKEN_KEYS_FIXTURE_H
#define PFX_TOKEN_KEYS_FIXTURE_H

#define TOKEN_RSA_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCRSmgpCxwcM6xl\n" \
    "e88MOzmHO/iVqzwCElCPfvndR13GKCkIJgzvSF9arpwD5TjuDLqgQRxPkM8sqHmv\n" \
    "NQAYnHzErR+mMz3PoVWNhXNHWRTVjiXcwOyWtn1xqP5UmQfRJRFW+C8X4dWPJZSx\n" \
    "JEeRA/CKnJ7NExygbhK1m2JxX0TJxp70eYVZB0Nqqwyco/0fX2ZA71IvqerAQTuF\n" \
    "PBkSbCOqZI6EWdLLlyKypxvuy9zeKpsA8bjYCqsPuoZUwCBVdSiVPXnX3Ne7O/XK\n" \
    "MVQFIfudCG7271tdnhDQ7U4+gPWED3BBGh1p066zskXBxIeQ4YG+1oBsysLrKZDB\n" \
    "ifkzL53PAgMBAAECggEAARBLUMa/1LgqskoSZC8IPdtH5WSbmX//QNf3oVG5papf\n" \
    "voa97e2rEQqHfbnPOz5XU7ZNLEHyNcLX/TZy54RdMcH6/WgjoMa4Fx7t6lYEQoex\n" \
    "F7Jr39dxdc1X2QchfZdEPLsdaAC1v1IIeCPPEXYSR4c3Sh4Nxc/BoE7gsYx/pKLK\n" \
    "29t/OpfYvUyANsljNXA/TKbS4yEb39bdT8dTuVxEKIj4FGwaDu28nCf3iOQqPkw6\n" \
    "oc7Ur2DpE/Coql/KvvA2RRJAl30YLlQFjJl93NmJ9fGjAJ2BvDNsdUez2NpEPpVW\n" \
    "QN24QVn4GIUETagXR06WhZCu8DQdDJ1Dvt3W0DFW4QKBgQDFqBGXgmAQj7CqSHQq\n" \
    "92Hqeup2+NL7xlWXBdZN75o0nOyFiY0HaHQSJDfTGWb+yGzHMIUQOiJXtf5dC+SQ\n" \
    "JI5TWftC7HY+KIwohZWNtH5knuYqrN9cOAcjd+PBzeFQqfA3vTfSb/QgrMugeLr0\n" \
    "2j8Q2soT4+tF7q5BERnS0qH2YQKBgQC8LU6dVd6ggMCjHmTzrGplTZhA9fl/1Jhw\n" \
    "b6jU3nOsFMGu03KOFiUtp7NAS72FYSRsxuqMEsjxv6Kbmo4OGvi1+xDZL/EMJD5e\n" \
    "cvgkCppkPIJ9oM0TPEvC27b3vBA2v+U5jNrL1W67ifwyg1ROxo956v1n6D2HWHg5\n" \
    "BMX/QcqiLwKBgEqXLmxayx3029qnFQ/R46W1VR4osJZLNqmTjlhC/5KzVZ7fVdVh\n" \
    "2cuu11JW18N2p3ZUHSMOjT9EcwVyI4MyCHP0FRogWk8CxkHUh6e+YaRfQsUAEBqh\n" \
    "GjCMYesVYt4qA3lFcvd7QEnEa+PXK9aTNhGKP5BaBsORWzk61t/0lSKBAoGAAsbM\n" \
    "XSfyM/4SWZXOOYY2v63obDT07HzvjuEm5ZUuscBQp0q5av1KqSTLUUyMzFYFmpFI\n" \
    "zq5MRrzkIlWiePTO7Kh6tCmv7dTvEqexn56Ebqwx5Lalr/34xDRHu9oLhzNHp5S7\n" \
    "ebx5eMztarVjXhIx9cOQ36KencuhYn3+ieinm8MCgYA/zqB2j4ewU7yOndQ8vrsE\n" \
    "YzN5JzPLpiDaf2obD//MdKj8KS7Oy+GvSEqFbzk0h2eaApim4fyp4RygGrs5nb7B\n" \
    "37AYNrMxpcWCp8FMO0nyma1I+La6oj/A8jBUfSa4Dr2Xa7DErMz2Wc1kMCf4AT67\n" \
    "9xTXVSr+mMg+ahEAPbsVhw==\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_RSA_PUBLIC_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkUpoKQscHDOsZXvPDDs5\n" \
    "hzv4las8AhJQj3753UddxigpCCYM70hfWq6cA+U47gy6oEEcT5DPLKh5rzUAGJx8\n" \
    "xK0fpjM9z6FVjYVzR1kU1Y4l3MDslrZ9caj+VJkH0SURVvgvF+HVjyWUsSRHkQPw\n" \
    "ipyezRMcoG4StZticV9Eycae9HmFWQdDaqsMnKP9H19mQO9SL6nqwEE7hTwZEmwj\n" \
    "qmSOhFnSy5cisqcb7svc3iqbAPG42AqrD7qGVMAgVXUolT1519zXuzv1yjFUBSH7\n" \
    "nQhu9u9bXZ4Q0O1OPoD1hA9wQRodadOus7JFwcSHkOGBvtaAbMrC6ymQwYn5My+d\n" \
    "zwIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"
#define TOKEN_RSA_N \
    "kUpoKQscHDOsZXvPDDs5hzv4las8AhJQj3753UddxigpCCYM70hfWq6cA-U47gy6oEEcT5DPLKh5rzUAGJx8xK0fpjM9z6FVjYVz" \
    "R1kU1Y4l3MDslrZ9caj-VJkH0SURVvgvF-HVjyWUsSRHkQPwipyezRMcoG4StZticV9Eycae9HmFWQdDaqsMnKP9H19mQO9SL6nq" \
    "wEE7hTwZEmwjqmSOhFnSy5cisqcb7svc3iqbAPG42AqrD7qGVMAgVXUolT1519zXuzv1yjFUBSH7nQhu9u9bXZ4Q0O1OPoD1hA9w" \
    "QRodadOus7JFwcSHkOGBvtaAbMrC6ymQwYn5My-dzw"

#define TOKEN_P256_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGWl2HreRwxq4BQuK\n" \
    "LZWXQ9+1tIdYvGkozWC4M1SEZ0WhRANCAAS2MecV86HZQHfeZjjBROcgHQTi32OE\n" \
    "l1gBmAQZlBmjBEVy0OMdpyD0Bkw1Per/FCh2deDI/SfiVFC5JixnxZhK\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_P256_X "tjHnFfOh2UB33mY4wUTnIB0E4t9jhJdYAZgEGZQZowQ"
#define TOKEN_P256_Y "RXLQ4x2nIPQGTDU96v8UKHZ14Mj9J-JUULkmLGfFmEo"

#define TOKEN_P384_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDeJo5DWnfY5nIewgCE\n" \
    "C3FHEhvARxVM1gPdE/CGSIMkJcEDUrXFbYjHaGSGo0rGHFehZANiAASfJspIGDAi\n" \
    "cPYQNIRJtSBPgDoVV0WhUDRVCMY5Q6TeFHTJvQtZBMmjglhK04UJIuH1wf5MrKIJ\n" \
    "p0K+S2wLnpyAJ/e6zQn0G05RyLye95SLD0usBpBUPeTxBI1bfydJNLI=\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_P384_X "nybKSBgwInD2EDSESbUgT4A6FVdFoVA0VQjGOUOk3hR0yb0LWQTJo4JYStOFCSLh"
#define TOKEN_P384_Y "9cH-TKyiCadCvktsC56cgCf3us0J9BtOUci8nveUiw9LrAaQVD3k8QSNW38nSTSy"

#define TOKEN_P521_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBlIgL1gvXUDR9u9Yt\n" \
    "K0CA1FZlV22ph+tV6B6VFPcXGvAtcr1zXYnC3MbZ/21FVnsG+GSemh7a4yuZZQ8n\n" \
    "Buqxfv2hgYkDgYYABAD4JoWOhg7IK3aDcjp1XjKdsaQxpIQzI0H8Dvg8d4jG51Pl\n" \
    "ViJV4mPpWFf7z+wol/9dGCIuQ/6EqvJ7VqOOqXFPnwEc3GxebLXDFV+4r3HzF34A\n" \
    "hjCGC9gTIdmXOTJBGWmYnP32/zs2UdKzsk3gdXYSL/tTP0RZjkYHRKSnv+DXireZ\n" \
    "wQ==\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_P521_X "APgmhY6GDsgrdoNyOnVeMp2xpDGkhDMjQfwO-Dx3iMbnU-VWIlXiY-lYV_vP7CiX_10YIi5D_oSq8ntWo46pcU-f"
#define TOKEN_P521_Y "ARzcbF5stcMVX7ivcfMXfgCGMIYL2BMh2Zc5MkEZaZic_fb_OzZR0rOyTeB1dhIv-1M_RFmORgdEpKe_4NeKt5nB"

#define TOKEN_OTHER_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8zGLV3noW6jZfOjh\n" \
    "HVzbsxMs2AkLNnfHktZFW557w82hRANCAAQmi86nd8O3daEyJSiAfxgyO/rLts50\n" \
    "HIApZyLRnWcsNqUlGR86Ub+LDL117AyQFI2CuaVtGvtNCtkJo3qDpMuf\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_OTHER_X "JovOp3fDt3WhMiUogH8YMjv6y7bOdByAKWci0Z1nLDY"
#define TOKEN_OTHER_Y "pSUZHzpRv4sMvXXsDJAUjYK5pW0a-00K2QmjeoOky58"

#define TOKEN_ED25519_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VwBCIEIGcUe1d2dw3TfsCI+TCHN6IME7bGtu3K6X4LFjnepEP5\n" \
    "-----END PRIVATE KEY-----\n"
#define TOKEN_ED25519_X "EEyOYKXKriLS-_pt0rnKn6NEm91wVI0Li2e-t0OUtLg"

#define TOKEN_EC_JWK(curve, key_x, key_y, members) \
    "{\"kty\":\"EC\",\"crv\":\"" curve "\"," members "\"x\":\"" key_x "\",\"y\":\"" key_y "\"}"
#define TOKEN_RSA_JWK(members) "{\"kty\":\"RSA\"," members "\"n\":\"" TOKEN_RSA_N "\",\"e\":\"AQAB\"}"
#define TOKEN_P256_JWK(members) TOKEN_EC_JWK("P-256", TOKEN_P256_X, TOKEN_P256_Y, members)
#define TOKEN_P384_JWK(members) TOKEN_EC_JWK("P-384", TOKEN_P384_X, TOKEN_P384_Y, members)
#define TOKEN_P521_JWK(members) TOKEN_EC_JWK("P-521", TOKEN_P521_X, TOKEN_P521_Y, members)
#define TOKEN_OTHER_JWK(members) TOKEN_EC_JWK("P-256", TOKEN_OTHER_X, TOKEN_OTHER_Y, members)
#define TOKEN_ED25519_JWK(members) \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," members "\"x\":\"" TOKEN_ED25519_X "\"}"

#define TOKEN_KEYS(keys) "{\"keys\":[" keys "]}"
#define TOKEN_ALL_KEYS \
    TOKEN_KEYS(TOKEN_RSA_JWK("\"kid\":\"rsa\",") "," TOKEN_P256_JWK("\"kid\":\"p256\",") "," \
               TOKEN_P384_JWK("\"kid\":\"p384\",") "," TOKEN_P521_JWK("\"kid\":\"p521\",") "," \
               TOKEN_ED25519_JWK("\"kid\":\"ed\","))

#endif
