/* SPDX-License-Identifier: Apache-2.0
 * The types that every PostgreSQL has (pg_type.dat), by their OID, which never changes. */
#include "ruleset/mask/mask_priv.h"

struct row {
	uint16_t oid;
	uint8_t kind;
	uint16_t element;
};

/* In the order of the OIDs. What is not here is OPAQUE: geometry, text search, names of objects. */
static const struct row rows[] = {
	{ 16, MASK_T_BOOL, 0 },
	{ 17, MASK_T_BYTEA, 0 },
	{ 18, MASK_T_CHAR, 0 },
	{ 19, MASK_T_NAME, 0 },
	{ 20, MASK_T_INT8, 0 },
	{ 21, MASK_T_INT2, 0 },
	{ 23, MASK_T_INT4, 0 },
	{ 25, MASK_T_TEXT, 0 },
	{ 26, MASK_T_UINT4, 0 }, /* oid */
	{ 28, MASK_T_UINT4, 0 }, /* xid */
	{ 29, MASK_T_UINT4, 0 }, /* cid */
	{ 114, MASK_T_JSON, 0 },
	{ 142, MASK_T_XML, 0 },
	{ 143, MASK_T_ARRAY, 142 },
	{ 199, MASK_T_ARRAY, 114 },
	{ 271, MASK_T_ARRAY, 5069 },
	{ 629, MASK_T_ARRAY, 628 }, /* line */
	{ 650, MASK_T_CIDR, 0 },
	{ 651, MASK_T_ARRAY, 650 },
	{ 700, MASK_T_FLOAT4, 0 },
	{ 701, MASK_T_FLOAT8, 0 },
	{ 705, MASK_T_TEXT, 0 },    /* unknown */
	{ 719, MASK_T_ARRAY, 718 }, /* circle */
	{ 774, MASK_T_MACADDR8, 0 },
	{ 775, MASK_T_ARRAY, 774 },
	{ 790, MASK_T_MONEY, 0 },
	{ 791, MASK_T_ARRAY, 790 },
	{ 829, MASK_T_MACADDR, 0 },
	{ 869, MASK_T_INET, 0 },
	{ 1000, MASK_T_ARRAY, 16 },
	{ 1001, MASK_T_ARRAY, 17 },
	{ 1002, MASK_T_ARRAY, 18 },
	{ 1003, MASK_T_ARRAY, 19 },
	{ 1005, MASK_T_ARRAY, 21 },
	{ 1007, MASK_T_ARRAY, 23 },
	{ 1009, MASK_T_ARRAY, 25 },
	{ 1011, MASK_T_ARRAY, 28 },
	{ 1012, MASK_T_ARRAY, 29 },
	{ 1014, MASK_T_ARRAY, 1042 },
	{ 1015, MASK_T_ARRAY, 1043 },
	{ 1016, MASK_T_ARRAY, 20 },
	{ 1017, MASK_T_ARRAY, 600 }, /* point */
	{ 1018, MASK_T_ARRAY, 601 }, /* lseg */
	{ 1019, MASK_T_ARRAY, 602 }, /* path */
	{ 1020, MASK_T_ARRAY, 603 }, /* box */
	{ 1021, MASK_T_ARRAY, 700 },
	{ 1022, MASK_T_ARRAY, 701 },
	{ 1027, MASK_T_ARRAY, 604 }, /* polygon */
	{ 1028, MASK_T_ARRAY, 26 },
	{ 1040, MASK_T_ARRAY, 829 },
	{ 1041, MASK_T_ARRAY, 869 },
	{ 1042, MASK_T_TEXT, 0 }, /* bpchar */
	{ 1043, MASK_T_TEXT, 0 }, /* varchar */
	{ 1082, MASK_T_DATE, 0 },
	{ 1083, MASK_T_TIME, 0 },
	{ 1114, MASK_T_TIMESTAMP, 0 },
	{ 1115, MASK_T_ARRAY, 1114 },
	{ 1182, MASK_T_ARRAY, 1082 },
	{ 1183, MASK_T_ARRAY, 1083 },
	{ 1184, MASK_T_TIMESTAMPTZ, 0 },
	{ 1185, MASK_T_ARRAY, 1184 },
	{ 1186, MASK_T_INTERVAL, 0 },
	{ 1187, MASK_T_ARRAY, 1186 },
	{ 1231, MASK_T_ARRAY, 1700 },
	{ 1263, MASK_T_ARRAY, 2275 },
	{ 1266, MASK_T_TIMETZ, 0 },
	{ 1270, MASK_T_ARRAY, 1266 },
	{ 1560, MASK_T_BIT, 0 },
	{ 1561, MASK_T_ARRAY, 1560 },
	{ 1562, MASK_T_BIT, 0 }, /* varbit */
	{ 1563, MASK_T_ARRAY, 1562 },
	{ 1700, MASK_T_NUMERIC, 0 },
	{ 1790, MASK_T_TEXT, 0 }, /* refcursor */
	{ 2201, MASK_T_ARRAY, 1790 },
	{ 2249, MASK_T_RECORD, 0 },
	{ 2275, MASK_T_TEXT, 0 }, /* cstring */
	{ 2287, MASK_T_ARRAY, 2249 },
	{ 2950, MASK_T_UUID, 0 },
	{ 2951, MASK_T_ARRAY, 2950 },
	{ 3802, MASK_T_JSONB, 0 },
	{ 3807, MASK_T_ARRAY, 3802 },
	{ 3904, MASK_T_RANGE, 23 },
	{ 3905, MASK_T_ARRAY, 3904 },
	{ 3906, MASK_T_RANGE, 1700 },
	{ 3907, MASK_T_ARRAY, 3906 },
	{ 3908, MASK_T_RANGE, 1114 },
	{ 3909, MASK_T_ARRAY, 3908 },
	{ 3910, MASK_T_RANGE, 1184 },
	{ 3911, MASK_T_ARRAY, 3910 },
	{ 3912, MASK_T_RANGE, 1082 },
	{ 3913, MASK_T_ARRAY, 3912 },
	{ 3926, MASK_T_RANGE, 20 },
	{ 3927, MASK_T_ARRAY, 3926 },
	{ 4451, MASK_T_MULTIRANGE, 3904 },
	{ 4532, MASK_T_MULTIRANGE, 3906 },
	{ 4533, MASK_T_MULTIRANGE, 3908 },
	{ 4534, MASK_T_MULTIRANGE, 3910 },
	{ 4535, MASK_T_MULTIRANGE, 3912 },
	{ 4536, MASK_T_MULTIRANGE, 3926 },
	{ 5069, MASK_T_UINT8, 0 }, /* xid8 */
	{ 6150, MASK_T_ARRAY, 4451 },
	{ 6151, MASK_T_ARRAY, 4532 },
	{ 6152, MASK_T_ARRAY, 4533 },
	{ 6153, MASK_T_ARRAY, 4534 },
	{ 6155, MASK_T_ARRAY, 4535 },
	{ 6157, MASK_T_ARRAY, 4536 },
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct row *find(uint32_t oid)
{
	size_t low = 0, high = N_ROWS;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (rows[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < N_ROWS && rows[low].oid == oid ? &rows[low] : NULL;
}

void mask_type_of(const struct mask_types *types, uint32_t oid, struct mask_type *ret)
{
	const struct row *row = find(oid);

	*ret = (struct mask_type){ .kind = MASK_T_OPAQUE };
	if (row != NULL)
		*ret = (struct mask_type){ .kind = row->kind, .element = row->element };
	else if (types != NULL && !types->find(types->ctx, oid, ret))
		*ret = (struct mask_type){ .kind = MASK_T_OPAQUE };
	if (ret->kind >= MASK_T_MAX)
		ret->kind = MASK_T_OPAQUE;
}

bool mask_types_are_sorted(void)
{
	for (size_t i = 1; i < N_ROWS; i++) {
		if (rows[i - 1].oid >= rows[i].oid)
			return false;
	}
	return true;
}
