# SPDX-License-Identifier: Apache-2.0
"""Numbers by shape: 9 is a digit, A a letter, # either, D a date of six digits YYMMDD, E DDMMYY, F
YYYYMMDD; what stands in braces is the name of the number; all else is itself."""

import base64
import json
import re
import string
from importlib import import_module

try:
  import re._parser as sre_parse
except ImportError:
  import sre_parse


def is_valid_by(module):
  m = import_module("stdnum." + module)
  return m.is_valid


def luhn(digits):
  total = 0
  for i, c in enumerate(reversed(digits)):
    d = int(c) * (1 + i % 2)
    total += d - 9 if d > 9 else d
  return total % 10 == 0


def digits(text):
  return "".join(c for c in text if c.isdigit())


def compact(text):
  return "".join(c for c in text if c.isalnum()).upper()


def is_nino(text):
  t = compact(text)
  return (t[0] not in "DFIQUV" and t[1] not in "DFIQUVO" and
          t[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ") and t[8] in "ABCD")


def is_kvnr(text):
  t = compact(text)
  ds = f"{ord(t[0]) - 64:02d}" + t[1:]
  products = [int(d) * (1 + i % 2) for i, d in enumerate(ds[:-1])]
  return sum(p // 10 + p % 10 for p in products) % 10 == int(ds[-1])


def is_hkid(text):
  t = compact(text)
  if not t[0].isalpha() or any(c.isalpha() for c in t[2:-1]):
    return False
  t = t if len(t) == 9 else " " + t
  values = [36 if c == " " else int(c, 36) for c in t[:-1]]
  total = sum(v * w for v, w in zip(values, range(9, 1, -1)))
  return (total + int(t[-1], 36)) % 11 == 0


def is_nric(text):
  t = compact(text)
  total = sum(int(d) * w for d, w in zip(t[1:8], (2, 7, 6, 5, 4, 3, 2)))
  total += {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}[t[0]]
  letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK",
             "M": "XWUTRQPNJLK"}
  return t[8] == letters[t[0]][total % 11]


def is_twid(text):
  t = compact(text)
  code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(t[0])
  ds = [code // 10, code % 10] + [int(c) for c in t[1:]]
  return sum(d * w for d, w in zip(ds, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def is_medicare(text):
  d = [int(c) for c in digits(text)]
  return 2 <= d[0] <= 6 and d[9] > 0 and sum(a * b for a, b in zip(d, (1, 3, 7, 9) * 2)) % 10 == d[8]


def is_dea(text):
  d = [int(c) for c in digits(text)]
  return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


def is_mbi(text):
  return re.fullmatch(r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d"
                      r"[AC-HJKMNP-RT-Y]{2}\d\d", compact(text)) is not None


def is_thai(text):
  d = [int(c) for c in digits(text)]
  return d[0] > 0 and (11 - sum(a * b for a, b in zip(d, range(13, 1, -1))) % 11) % 10 == d[12]


def is_phone(text):
  """Those of three countries, so that country codes are known for certain."""
  return re.fullmatch(r"\+(1[2-9]\d\d[2-9]\d{6}|49\d{9,11}|44\d{10}|331\d{8})",
                      "+" + digits(text).replace("440", "44", 1)) is not None


PREFIXES = ("4", "51", "55", "2221", "2720", "6011", "65", "3528", "37", "34", "36", "62")


def is_card(text):
  d = digits(text)
  length = 15 if d[:2] in ("34", "37") else 14 if d[:2] == "36" else 16
  return d.startswith(PREFIXES) and len(d) == length and luhn(d)


def is_email(text):
  return re.fullmatch(r"[a-z]+[.a-z0-9+_-]*@[a-z-]+(\.[a-z]{2,})+", text) is not None


class Detector:
  def __init__(self, name, valid, *patterns):
    self.name, self.patterns = name, patterns
    self.valid = is_valid_by(valid) if isinstance(valid, str) else valid

  def shape_only(self, rng):
    return fill(rng, rng.choice(self.patterns))

  def is_valid(self, value):
    try:
      return bool(self.valid(re.sub(r"^[A-Za-z .:#-]*[:#] ", "", value)))
    except (ValueError, IndexError, KeyError, AttributeError):
      return False

  def draw(self, rng):
    for _ in range(100000):
      value = self.shape_only(rng)
      if self.is_valid(value):
        return value
    raise SystemExit(f"{self.name}: no valid value in 100,000 draws of {self.patterns}")


def fill(rng, pattern):
  out, i = "", 0
  while i < len(pattern):
    c = pattern[i]
    if c == "{":
      end = pattern.index("}", i)
      out += rng.choice(pattern[i + 1:end].split("|"))
      i = end + 1
      continue
    year, month, day = rng.randrange(100), rng.randrange(1, 13), rng.randrange(1, 29)
    out += {"9": lambda: rng.choice(string.digits), "A": lambda: rng.choice(string.ascii_uppercase),
            "#": lambda: rng.choice(string.digits + string.ascii_uppercase),
            "D": lambda: f"{year:02d}{month:02d}{day:02d}", "E": lambda: f"{day:02d}{month:02d}{year:02d}",
            "F": lambda: f"19{year:02d}{month:02d}{day:02d}"}.get(c, lambda: c)()
    i += 1
  return out


def draw_regex(rng, regex):
  """A text that the expression matches, without its anchors."""
  return "".join(draw_node(rng, n) for n in sre_parse.parse(regex))


def word(rng, low, high):
  return "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(rng.randint(low, high)))


def draw_jwt(rng):
  def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

  header = rng.choice([{"alg": "RS256", "kid": word(rng, 4, 20)}, {"typ": "JWT", "alg": "ES256"}])
  return part(header) + "." + part({"sub": word(rng, 4, 30), "n": rng.random()}) + "." + word(rng, 40, 340)


# What an expression cannot say of itself: contents (a token's header), words of their own.
SPECIAL = {
    "jwt": draw_jwt,
    "ado-password": lambda rng: f"Server=tcp:{word(rng, 3, 9)},1433;Database=d;User ID=u;Password={word(rng, 6, 20)}",
    "libpq-password": lambda rng: f"host={word(rng, 3, 9)} port=5432 user=u password={word(rng, 6, 20)}",
    "putty-key": lambda rng: "Private-Lines: 14\n" + "\n".join(word(rng, 64, 64) for _ in range(14)),
    "private-key": lambda rng: "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(
        word(rng, 64, 64) for _ in range(25)) + "\n-----END RSA PRIVATE KEY-----",
}


def draw_secret(rng, pattern):
  draw = SPECIAL.get(pattern["id"])
  return draw(rng) if draw else draw_regex(rng, pattern["regex"])


def draw_node(rng, node):
  op, arg = str(node[0]), node[1]
  if op == "LITERAL":
    return chr(arg)
  if op == "NOT_LITERAL":
    return rng.choice([c for c in string.ascii_letters if ord(c) != arg])
  if op == "IN":
    return rng.choice(members(arg))
  if op == "BRANCH":
    return "".join(draw_node(rng, n) for n in rng.choice(arg[1]))
  if op == "SUBPATTERN":
    return "".join(draw_node(rng, n) for n in arg[-1])
  if op in ("MAX_REPEAT", "MIN_REPEAT"):
    low, high, body = arg
    most = min(int(high), max(low + 8, 14))
    return "".join(draw_node(rng, n) for _ in range(rng.randint(max(low, min(8, most)) if int(high) > 100 else low,
                                                                most)) for n in body)
  return "" if op == "AT" else "x"


def members(items):
  """Characters of a class, printable ones; without white space where there are others."""
  negated = any(str(op) == "NEGATE" for op, _ in items)
  have = set()
  for op, arg in items:
    if str(op) == "LITERAL":
      have.add(chr(arg))
    elif str(op) == "RANGE":
      have |= {chr(c) for c in range(arg[0], min(arg[1], 126) + 1)}
    elif str(op) == "CATEGORY":
      have |= {"CATEGORY_DIGIT": set(string.digits), "CATEGORY_SPACE": set(" "),
               "CATEGORY_NOT_WORD": set(":= \"")}.get(str(arg), set(string.ascii_letters + string.digits))
  if negated:
    have = set(string.ascii_letters + string.digits + "+/_.~") - have
  return sorted(have - {" "}) or [" "]


DETECTORS = [
    Detector("email", is_email, "{ann|bob.lee|x_y+tag|info|o-k}@{example|mail.example|a-b.example}.{com|org|co.uk|ch|museum}",
             "{j|max}.{doe|roe}@{example}.{net|de|com}"),
    Detector("phone-e164", is_phone, "+1{2|4|9}99{5|7}999999", "+1 {2|3}99 {4|8}99 9999", "+49 30 9999999",
             "+49{30|170}99999999", "+44 20 9999 9999", "+44 (0)20 9999 9999", "+33 1 99 99 99 99"),
    Detector("pan", is_card, "4999999999999999", "4999 9999 9999 9999", "5{1|5}99-9999-9999-9999", "2221999999999999",
             "379999999999999", "3499 999999 99999", "6011999999999999", "36999999999999",
             "6599 9999 9999 9999"),
    Detector("iban", "iban", "{DE}99999999999999999999", "{DE}99 9999 9999 9999 9999 99",
             "{GB}99AAAA99999999999999", "{NL}99AAAA9999999999", "{CH}99 9999 9999 9999 9999 9", "{FR}9999999999999999999999999"),
    Detector("us-ssn", lambda t: import_module("stdnum.us.ssn").is_valid(digits(t)), "999-99-9999", "999 99 9999", "{SSN: |ssn: }999999999"),
    Detector("ca-sin", lambda t: luhn(digits(t)) and digits(t)[0] not in "08" and len(digits(t)) == 9,
             "999 999 999", "999-999-999", "{SIN: |NAS: }999999999"),
    Detector("mx-curp", "mx.curp", "A{A|E|I|O|U}AAD{H|M}{DF|JC|NL|PL}{B|C|D|F|G}{R|S|T}{L|M|N}#9"),
    Detector("br-cpf", "br.cpf", "999.999.999-99", "{CPF: }99999999999"),
    Detector("ar-cuit", "ar.cuit", "{20|23|24|27|30|33}-99999999-9"),
    Detector("cl-rut", "cl.rut", "99.999.999-{9|0|1|2|3|4|5|6|7|8|K}", "9.999.999-9", "{RUT: }99999999-9"),
    Detector("gb-nino", is_nino, "AA999999{A|B|C|D}", "AA 99 99 99 {A|B|C|D}"),
    Detector("ie-pps", "ie.pps", "9999999A", "9999999A{A|B|I}"),
    Detector("fr-nir", "fr.nir", "{1|2}99{01|07|12}{75|13|69|2A|2B}99999999", "{1|2} 99 {03|11} {59|33} 999 999 99"),
    Detector("es-nif", "es.nif", "99999999A", "{X|Y|Z}9999999A", "99999999-A"),
    Detector("pt-nif", "pt.nif", "{NIF: |Contribuinte: }999999999", "{NIF: }999 999 999"),
    Detector("it-cf", "it.codicefiscale", "{RSS|BNC|VRD|GLL}{MRA|LCU|NNA}99{A|C|H|T}{01|15|28|55}{H501|F205|L219}A"),
    Detector("de-idnr", "de.idnr", "99 999 999 999", "{Steuer-ID: |IdNr: }99999999999"),
    Detector("nl-bsn", "nl.bsn", "{BSN: |bsn: |Burgerservicenummer: }999999999", "{BSN: }9999.99.999"),
    Detector("be-nrn", "be.nn", "99.{01|06|12}.{03|14|28}-999.99", "99.{02|07}.{05|19}-999 99", "{NISS: }D99999"),
    Detector("ch-ahv", "ch.ssn", "756.9999.9999.99", "7569999999999"),
    Detector("pl-pesel", "pl.pesel", "{PESEL: |pesel: }D99999"),
    Detector("cz-rc", "cz.rc", "D/9999"),
    Detector("ro-cnp", "ro.cnp", "{1|2}D{01|12|40}9999"),
    Detector("gr-amka", "gr.amka", "E99999"),
    Detector("se-pnr", "se.personnummer", "D-9999", "F-9999"),
    Detector("no-fnr", "no.fodselsnummer", "E99999", "E 99999"),
    Detector("dk-cpr", "dk.cpr", "{CPR: |CPR-nr: }E-9999", "{CPR: }E9999"),
    Detector("fi-hetu", "fi.hetu", "E-999#", "E{A}999#"),
    Detector("tr-tckn", "tr.tckimlik", "{TCKN: |TC Kimlik No: }99999999999"),
    Detector("il-id", "il.idnr", "{Teudat Zehut: |Israeli ID: }999999999"),
    Detector("za-id", "za.idnr", "D9999{0|1}99"),
    Detector("in-aadhaar", "in_.aadhaar", "9999 9999 9999", "9999-9999-9999", "{Aadhaar: }999999999999"),
    Detector("cn-id", "cn.ric", "{110105|310101|440106}F999{0|1|2|3|4|5|6|7|8|9|X}"),
    Detector("kr-rrn", "kr.rrn", "D-{1|2}999999"),
    Detector("tw-id", is_twid, "A{1|2}99999999"),
    Detector("hk-id", is_hkid, "A999999(9)", "AA999999(9)", "A999999({A})"),
    Detector("sg-nric", is_nric, "{S|T|F|G|M}9999999A"),
    Detector("th-id", is_thai, "9-9999-99999-99-9"),
    Detector("au-tfn", "au.tfn", "{TFN: |Tax file number: }999 999 999", "{TFN: }999999999"),
    Detector("au-medicare", is_medicare, "9999 99999 9"),
    Detector("gb-nhs", "gb.nhs", "{NHS: |NHS number: }999 999 9999", "{NHS no: }9999999999"),
    Detector("us-npi", lambda t: digits(t)[0] in "12" and len(digits(t)) == 10 and luhn("80840" + digits(t)),
             "{NPI: |NPI#: }9999999999"),
    Detector("us-mbi", is_mbi, "9A#9-A#9-AA99", "9A#9A#9AA99"),
    Detector("us-dea", is_dea, "{DEA: |DEA#: }AA9999999"),
    Detector("de-kvnr", is_kvnr, "{KVNR: |Versichertennummer: }A999999999"),
]
