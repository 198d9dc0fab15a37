/* curl_absent.c - what Debian's libcurl.a asks of three libraries that tare-fetch does without
 *
 * Thirty shared libraries cost more than a question to a registry, so tare-fetch has curl in itself.
 * Debian's curl speaks LDAP and RTMP, too, and knows Kerberos; of these libraries there are no static
 * ones, and nothing of them is ever called: http_easy.c allows "http,https" and no GSSAPI at a SOCKS
 * proxy. Were one called all the same, the program would end with a trap rather than go on.
 * Types do not matter for what is never called, so nothing here needs the libraries' headers.
 */

#define ABSENT(name) \
	_Noreturn void name(void); \
	_Noreturn void name(void) \
	{ \
		__builtin_trap(); \
	}

extern void *const GSS_C_NT_HOSTBASED_SERVICE;
void *const GSS_C_NT_HOSTBASED_SERVICE = (void *)0;

#ifdef TRIAL /* whether it is enough, the build asks by a program that uses all of curl */
#include <curl/curl.h>
int main(void)
{
	return !curl_easy_init() || !curl_multi_init();
}
#endif

// clang-format off
ABSENT(gss_delete_sec_context)
ABSENT(gss_display_name)
ABSENT(gss_display_status)
ABSENT(gss_import_name)
ABSENT(gss_init_sec_context)
ABSENT(gss_inquire_context)
ABSENT(gss_release_buffer)
ABSENT(gss_release_name)
ABSENT(gss_unwrap)
ABSENT(gss_wrap)

ABSENT(ber_bvfree)
ABSENT(ber_free)
ABSENT(ber_memfree)
ABSENT(ber_sockbuf_add_io)
ABSENT(ldap_abandon_ext)
ABSENT(ldap_err2string)
ABSENT(ldap_free_urldesc)
ABSENT(ldap_get_attribute_ber)
ABSENT(ldap_get_dn_ber)
ABSENT(ldap_get_option)
ABSENT(ldap_init_fd)
ABSENT(ldap_memfree)
ABSENT(ldap_msgfree)
ABSENT(ldap_msgtype)
ABSENT(ldap_parse_result)
ABSENT(ldap_parse_sasl_bind_result)
ABSENT(ldap_pvt_url_scheme2proto)
ABSENT(ldap_result)
ABSENT(ldap_sasl_bind)
ABSENT(ldap_search_ext)
ABSENT(ldap_set_option)
ABSENT(ldap_start_tls)
ABSENT(ldap_unbind_ext)
ABSENT(ldap_url_parse)

ABSENT(RTMP_Alloc)
ABSENT(RTMP_Close)
ABSENT(RTMP_Connect1)
ABSENT(RTMP_ConnectStream)
ABSENT(RTMP_Free)
ABSENT(RTMP_Init)
ABSENT(RTMP_Read)
ABSENT(RTMP_SetBufferMS)
ABSENT(RTMP_SetupURL)
ABSENT(RTMP_Write)
// clang-format on
