-- Search works as people of any alphabet expect, whatever collation and LC_CTYPE the database has.

-- A text as search compares it: in one case and one spelling. Upper case first, which is where letters with several lower
-- cases meet; then compatible forms are composed (Unicode NFKC), and the last lower cases that differ are joined: the final
-- sigma, the sharp s, and the i that kept its dot from a capital. Older releases of ICU do not know the capitals of Georgian.
CREATE FUNCTION "search_fold"("value" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1 AS $$
BEGIN
  IF octet_length("value") = char_length("value") THEN
    RETURN lower("value" COLLATE "C");
  END IF;
  IF "value" ~ '[\u1C90-\u1CBF]' THEN
    "value" := translate("value",
      U&'\1C90\1C91\1C92\1C93\1C94\1C95\1C96\1C97\1C98\1C99\1C9A\1C9B\1C9C\1C9D\1C9E\1C9F\1CA0\1CA1\1CA2\1CA3\1CA4\1CA5\1CA6'
      '\1CA7\1CA8\1CA9\1CAA\1CAB\1CAC\1CAD\1CAE\1CAF\1CB0\1CB1\1CB2\1CB3\1CB4\1CB5\1CB6\1CB7\1CB8\1CB9\1CBA\1CBD\1CBE\1CBF',
      U&'\10D0\10D1\10D2\10D3\10D4\10D5\10D6\10D7\10D8\10D9\10DA\10DB\10DC\10DD\10DE\10DF\10E0\10E1\10E2\10E3\10E4\10E5\10E6'
      '\10E7\10E8\10E9\10EA\10EB\10EC\10ED\10EE\10EF\10F0\10F1\10F2\10F3\10F4\10F5\10F6\10F7\10F8\10F9\10FA\10FD\10FE\10FF');
  END IF;
  RETURN replace(replace(replace(
    lower(normalize(upper("value" COLLATE "und-x-icu"), NFKC) COLLATE "und-x-icu"),
    U&'\03C2', U&'\03C3'), U&'\00DF', 'ss'), U&'i\0307', 'i');
END $$;

-- What the index holds of a folded text. Trigrams know letters by LC_CTYPE, and under "C" ASCII alone has any. So a text with
-- others stands there twice: first with a capital of ASCII for each other letter, then as it is, which makes the match exact.
-- The key of a folded LIKE pattern is the pattern of the keys that fit.
CREATE FUNCTION "search_key"("folded" text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1 AS $$
DECLARE
  "letter" text;
  "ascii" text := '';
BEGIN
  IF octet_length("folded") = char_length("folded") THEN
    RETURN "folded";
  END IF;
  FOREACH "letter" IN ARRAY string_to_array("folded", NULL) LOOP
    "ascii" := "ascii" || CASE WHEN ascii("letter") < 128 THEN "letter" ELSE chr(65 + ascii("letter") % 26) END;
  END LOOP;
  RETURN "ascii" || chr(2) || "folded";
END $$;
