"""The kept figures of cohorts: the seats taken, and the words by which people are found in the colleges they joined."""

from app.platform.kept_figures import CountedFigure

_SEATED = "(select count(*) from enrolment e where e.cohort_id = c.id and is_seated(e.state))"
SEATED = CountedFigure(
    "cohort.seated",
    f"select c.id as subject, c.seated as kept, {_SEATED} as computed from cohort c",  # noqa: S608 - our own constants
    (f"update cohort c set seated = {_SEATED} where c.seated <> {_SEATED}",),  # noqa: S608
    ("cohort", "enrolment"),
)

_WORDS = """
    select w.part, c.college_id, p.id as person_id
      from person p
     cross join lateral (
       select college_id from enrolment where person_id = p.id
       union select college_id from role_held where person_id = p.id and college_id is not null
       union select null) c
     cross join lateral search_parts(p.search_key) w(part)
"""
_TOGETHER = (
    """count(*) || ' ' || md5(string_agg(concat(part, '/', college_id), ' ' order by part collate "C", college_id))"""
)
WORDS = CountedFigure(
    "person_word",
    f"""
    select coalesce(k.person_id, n.person_id) as subject, k.words as kept, n.words as computed
      from (select person_id, {_TOGETHER} as words from person_word group by person_id) k
      full join (select person_id, {_TOGETHER} as words from ({_WORDS}) w group by person_id) n using (person_id)
    """,  # noqa: S608 - our own constants
    ("select rebuild_search_words()",),
    ("person", "enrolment", "role_held", "person_word"),
)
"""Each value is how many words a person has, and a digest of them."""

FIGURES = (SEATED, WORDS)
