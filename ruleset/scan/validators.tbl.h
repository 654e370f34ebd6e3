/* SPDX-License-Identifier: Apache-2.0
 * ROW(symbol, name in rules, function): what is asked of a match after its pattern. Each looks at the
 * digits of the match, or at its last letters and digits, and passes over what separates them; words
 * before the number (without digits) do no harm. */
ROW(LUHN, "luhn", valid_luhn)          /* payment cards: ISO/IEC 7812-1 annex B, 12 to 19 digits */
ROW(IBAN, "iban", valid_iban)          /* ISO 13616: length by country, mod 97 */
ROW(US_SSN, "us-ssn", valid_us_ssn)    /* areas that were never given out */
ROW(JWT, "jwt", valid_jwt)             /* RFC 7519: three parts, the first one a JSON header */
ROW(ENTROPY, "entropy", valid_entropy) /* a secret and not a word, a path or a placeholder */
ROW(EMAIL, "email", valid_email)       /* RFC 5321: lengths, dots, a top domain of letters */
ROW(PHONE, "phone", valid_phone)       /* E.164: a known country code, length of the number */
ROW(AR_CUIT, "ar-cuit", valid_ar_cuit) /* mod 11 */
ROW(AU_TFN, "au-tfn", valid_au_tfn)    /* mod 11 */
ROW(AU_MEDICARE, "au-medicare", valid_au_medicare) /* mod 10 */
ROW(BE_NRN, "be-nrn", valid_be_nrn)                /* mod 97, two centuries */
ROW(BR_CPF, "br-cpf", valid_br_cpf)                /* mod 11, twice */
ROW(CA_SIN, "ca-sin", valid_ca_sin)                /* Luhn over nine digits */
ROW(CH_AHV, "ch-ahv", valid_ch_ahv)                /* EAN-13 */
ROW(CL_RUT, "cl-rut", valid_cl_rut)                /* mod 11, K for 10 */
ROW(CN_ID, "cn-id", valid_cn_id)                   /* GB 11643: date, ISO 7064 mod 11-2 */
ROW(CZ_RC, "cz-rc", valid_cz_rc)                   /* date, mod 11; Slovakia's too */
ROW(DE_IDNR, "de-idnr", valid_de_idnr)             /* ISO 7064 mod 11,10; which digits repeat */
ROW(DE_KVNR, "de-kvnr", valid_de_kvnr) /* health insurance: letter, Luhn with weights 1, 2 */
ROW(DK_CPR, "dk-cpr", valid_dk_cpr)    /* date only: check digits ended in 2007 */
ROW(ES_NIF, "es-nif", valid_es_nif)    /* DNI and NIE: mod 23 letter */
ROW(FI_HETU, "fi-hetu", valid_fi_hetu) /* date, mod 31 character */
ROW(FR_NIR, "fr-nir", valid_fr_nir)    /* mod 97, Corsica */
ROW(GB_NINO, "gb-nino", valid_gb_nino) /* prefixes that are not given out */
ROW(GB_NHS, "gb-nhs", valid_gb_nhs)    /* mod 11 */
ROW(GR_AMKA, "gr-amka", valid_gr_amka) /* date, Luhn */
ROW(HK_ID, "hk-id", valid_hk_id)       /* mod 11, A for 10 */
ROW(IE_PPS, "ie-pps", valid_ie_pps)    /* mod 23 letter */
ROW(IL_ID, "il-id", valid_il_id)       /* Luhn over nine digits from the left */
ROW(IN_AADHAAR, "in-aadhaar", valid_in_aadhaar) /* Verhoeff */
ROW(IT_CF, "it-cf", valid_it_cf)                /* check letter */
ROW(KR_RRN, "kr-rrn", valid_kr_rrn)             /* date, mod 11 */
ROW(MX_CURP, "mx-curp", valid_mx_curp)          /* date, mod 10 digit */
ROW(NL_BSN, "nl-bsn", valid_nl_bsn)             /* eleven test */
ROW(NO_FNR, "no-fnr", valid_no_fnr)             /* date, mod 11, twice */
ROW(PL_PESEL, "pl-pesel", valid_pl_pesel)       /* date, mod 10 */
ROW(PT_NIF, "pt-nif", valid_pt_nif)             /* mod 11 */
ROW(RO_CNP, "ro-cnp", valid_ro_cnp)             /* date, mod 11 */
ROW(SE_PNR, "se-pnr", valid_se_pnr)             /* date, Luhn */
ROW(SG_NRIC, "sg-nric", valid_sg_nric)          /* check letter */
ROW(TH_ID, "th-id", valid_th_id)                /* mod 11 */
ROW(TR_TCKN, "tr-tckn", valid_tr_tckn)          /* two check digits */
ROW(TW_ID, "tw-id", valid_tw_id)                /* mod 10 */
ROW(US_DEA, "us-dea", valid_us_dea)             /* prescribers: check digit */
ROW(US_MBI, "us-mbi", valid_us_mbi)             /* Medicare: a pattern of classes by position */
ROW(US_NPI, "us-npi", valid_us_npi)             /* Luhn after 80840 */
ROW(ZA_ID, "za-id", valid_za_id)                /* date, Luhn */
