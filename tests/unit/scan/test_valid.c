/* SPDX-License-Identifier: Apache-2.0
 * Validators: numbers that their issuers publish as examples, and the same with one thing wrong. */
#include "ruleset/scan/scan.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *validator;
	const char *good[4], *bad[8];
};

static const struct row rows[] = {
	{ "luhn", { "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005" },
			{ "4111 1111 1111 1112", "0000 0000 0000 0000", "41111111", "4", "" } },
	{ "iban",
			{ "DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19",
					"gb29nwbk60161331926819", "NO93 8601 1117 947" },
			{ "DE89370400440532013001", "DE8937040044053201300",
					"XX89370400440532013000", "DE98370400440532013000", "GB29",
					"" } },
	{ "us-ssn", { "123-45-6789", "SSN: 078051121" },
			{ "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000",
					"078-05-1120", "219-09-9999", "123-45-678" } },
	{ "jwt",
			{ "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
					"Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln" },
			{ "eyJhIjoxfQ.eyJzdWIiOiIxIn0.c2ln", "eyJ", "eyJ*lciO.x.y", "" } },
	{ "entropy",
			{ "password = \"t7Kq#92xLp\"", "api_key: 9f2c1b7e4d6a8035c2e1f4b7",
					"pw=Sommer-2024!x" },
			{ "password = changeme123", "password: aaaaaaaaaaaa1", "secret=short1",
					"token: justwordshere", "key=YOUR_KEY_HERE_1",
					"pw=1029384756", "" } },
	{ "email", { "a@b.co", "first.last+tag@mail.example.com" },
			{ "logo@2x.png", "@b.co", "a@", "nobody",
					"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.co" } },
	{ "phone", { "+14155552671", "+49 30 901820", "+44 (0)20 7946 0958", "+7 495 123-45-67" },
			{ "+1415555267", "+10155552671", "+280123456789", "+4912" } },
	{ "ar-cuit", { "20-05536168-2" }, { "20-05536168-3", "21-05536168-2", "2005536168" } },
	{ "au-tfn", { "123 456 782", "TFN: 123456782" }, { "123 456 783", "12345678" } },
	{ "au-medicare", { "2123 45670 1" }, { "2123 45680 1", "1123 45670 1", "2123 45670 0" } },
	{ "be-nrn", { "85.07.30-033 28" }, { "85.07.30-033 29", "85.13.30-033 28", "850730033" } },
	{ "br-cpf", { "390.533.447-05" },
			{ "390.533.447-06", "390.533.447-15", "111.111.111-11" } },
	{ "ca-sin", { "130-692-544", "SIN 130692544" },
			{ "130-692-545", "046-454-286", "000-000-000" } },
	{ "ch-ahv", { "756.9217.0769.85" }, { "756.9217.0769.84", "755.9217.0769.85" } },
	{ "cl-rut", { "12.531.909-2", "12531909-2", "10.000.013-K" }, { "12.531.909-3", "1-9" } },
	{ "cn-id", { "11010519491231002X", "11010519491231002x" },
			{ "110105194912310021", "11010518491231002X", "11010519491331002X",
					"99010519491231002X", "ABCDEFGHIJKLMNOPQR" } },
	{ "cz-rc", { "710319/2745", "991231/1101" }, { "710319/2746", "711319/2745" } },
	{ "de-idnr", { "36 574 261 809" }, { "36 574 261 808", "06574261809", "12345678901" } },
	{ "de-kvnr", { "A123456780", "KV-Nr.: A123456780" }, { "A123456781", "1123456780", "A1" } },
	{ "dk-cpr", { "211062-5629" }, { "211362-5629", "321062-5629", "000000-0000" } },
	{ "es-nif", { "12345678Z", "12345678-Z", "X1234567L", "54362315K" },
			{ "12345678A", "X1234567A", "00000000T", "1234567AZ" } },
	{ "fi-hetu", { "131052-308T", "131052A308T" },
			{ "131052-308U", "131352-308T", "131052-001T" } },
	{ "fr-nir", { "2 95 10 99 126 111 93", "253072B07300470" },
			{ "2 95 10 99 126 111 94", "2 95 13 99 126 111 93",
					"5 95 10 99 126 111 93" } },
	{ "gb-nino", { "AB123456C", "ab 12 34 56 c" },
			{ "DB123456C", "AO123456C", "GB123456C", "AB123456E" } },
	{ "gb-nhs", { "943 476 5919", "NHS: 9434765919" }, { "943 476 5918", "000 000 0000" } },
	{ "gr-amka", { "01013099997" }, { "01013099998", "32013099997" } },
	{ "hk-id", { "A123456(3)", "AB987654(3)" }, { "A123456(4)", "1234567(3)" } },
	{ "ie-pps", { "6433435F", "PPSN: 1234567FA" }, { "6433435E", "1234567TA", "6433435" } },
	{ "il-id", { "039337423" }, { "039337424", "000000000" } },
	{ "in-aadhaar", { "2341 2341 2346" },
			{ "2341 2341 2347", "1341 2341 2346", "3241 2341 2346" } },
	{ "it-cf", { "RSSMRA85T10A562S", "rssmra85t10a562s" }, { "RSSMRA85T10A562T", "RSSMRA" } },
	{ "kr-rrn", { "950821-1020305", "210101-3123456" },
			{ "950821-1020308", "951321-1020305" } },
	{ "mx-curp", { "BOXW310820HNERXN09" }, { "BOXW310820HNERXN08", "BOXW311320HNERXN09" } },
	{ "nl-bsn", { "111222333", "BSN 123456782" }, { "111222334", "111111111", "000000000" } },
	{ "no-fnr", { "151086 95088" }, { "151086 95089", "151386 95088" } },
	{ "pl-pesel", { "44051401359", "PESEL: 02270803624" }, { "44051401358", "44131401359" } },
	{ "pt-nif", { "NIF 123456789" }, { "NIF 123456780", "000000000" } },
	{ "ro-cnp", { "1630615123457" }, { "1630615123458", "1631315123457" } },
	{ "se-pnr", { "880320-0016", "19880320-0016" }, { "880320-0018", "881320-0016" } },
	{ "sg-nric", { "S1234567D", "G1612345K" }, { "S1234567E", "S12345678" } },
	{ "th-id", { "1-2345-45678-78-1" }, { "1-2345-45678-78-2", "0-2345-45678-78-1" } },
	{ "tr-tckn", { "17291716060" }, { "17291716061", "07291716060", "17291716050" } },
	{ "tw-id", { "A123456789" }, { "A123456788", "1123456789" } },
	{ "us-dea", { "AB1234563" }, { "AB1234564", "AB123456" } },
	{ "us-mbi", { "1EG4-TE5-MK73", "1EG4TE5MK73" },
			{ "1SG4-TE5-MK73", "0EG4-TE5-MK73", "1EG4-TE5-MKA3", "AEG4-TE5-MK73" } },
	{ "us-npi", { "NPI 1234567893" }, { "NPI 1234567890", "NPI 3234567893" } },
	{ "za-id", { "8001015009087" }, { "8001015009088", "8013015009087" } },
};

static bool accepts(const char *validator, const char *text)
{
	enum scan_validator v = SCAN_V_NONE;

	CHECK_ROW(validator, scan_validator_of(validator, &v) == 0);
	return scan_validator_accepts(v, (struct span){ (const uint8_t *)text, strlen(text) });
}

static void test_rows(void)
{
	for (size_t i = 0; i < N_OF(rows); i++) {
		for (size_t k = 0; k < N_OF(rows[i].good) && rows[i].good[k] != NULL; k++)
			CHECK_ROW(rows[i].good[k], accepts(rows[i].validator, rows[i].good[k]));
		for (size_t k = 0; k < N_OF(rows[i].bad) && rows[i].bad[k] != NULL; k++)
			CHECK_ROW(rows[i].bad[k], !accepts(rows[i].validator, rows[i].bad[k]));
	}
}

/* Each has a row above, and each name leads to its validator. */
static void test_names(void)
{
	enum scan_validator v;

	CU_ASSERT_EQUAL(N_OF(rows), SCAN_V_MAX - 1);
	for (uint32_t i = 1; i < SCAN_V_MAX; i++) {
		CU_ASSERT_EQUAL(scan_validator_of(scan_validator_name((enum scan_validator)i), &v),
				0);
		CU_ASSERT_EQUAL(v, i);
	}
	CU_ASSERT_EQUAL(scan_validator_of("none", &v), -ENOENT);
	CU_ASSERT_EQUAL(scan_validator_of("crc", &v), -ENOENT);
}

/* A pattern may hand any bytes to any validator: nothing is read beyond them. */
static void test_any_bytes(void)
{
	static const char letters[] = "0123456789AZaz .-/@:=\"'(){}\xff\0eyJ";
	uint64_t seed = 3;

	for (int i = 0; i < 200000; i++) {
		const size_t len = suite_random(&seed) % 48;
		uint8_t *bytes = malloc(len > 0 ? len : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)letters[suite_random(&seed) % (sizeof(letters) - 1)];
		for (uint32_t v = 0; v < SCAN_V_MAX; v++)
			scan_validator_accepts((enum scan_validator)v, (struct span){ bytes, len });
		free(bytes);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "published numbers and near misses", test_rows },
		{ "names", test_names },
		{ "any bytes", test_any_bytes },
	};

	return suite_run("valid", tests, N_OF(tests));
}
