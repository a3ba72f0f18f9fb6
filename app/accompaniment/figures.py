"""The kept figures of accompaniment: hours decided on; mandates and enterprises accompanied, and how many (BR-15)."""

from app.platform.kept_figures import CountedFigure

MILESTONES = ("mandate", "mandate_milestone", "milestone_confirmation")
MANDATE = CountedFigure(
    "mandate.accompanied",
    "select id as subject, accompanied as kept, mandate_is_accompanied(id) as computed from mandate",
    ("update mandate set accompanied = not accompanied where accompanied <> mandate_is_accompanied(id)",),
    (*MILESTONES, "enterprise"),
)
ENTERPRISE = CountedFigure(
    "enterprise.accompanied",
    "select id as subject, accompanied as kept, enterprise_is_accompanied(id) as computed from enterprise",
    ("update enterprise set accompanied = not accompanied where accompanied <> enterprise_is_accompanied(id)",),
    ("mandate", "enterprise"),
)

_PLACES = """
    select distinct on (m.project_id, enterprise_identity(n.neq, n.id))
           m.project_id, enterprise_identity(n.neq, n.id) as identity, n.college_id, n.region_code
      from enterprise n join mandate m on m.enterprise_id = n.id and m.accompanied
     order by m.project_id, enterprise_identity(n.neq, n.id), n.id
"""
_KEPT_PLACES = (
    "select project_id, identity, college_id, region_code from accompanied_enterprise where college_id is not null"
)
_SAME_PLACE = "concat('project ', project_id, ', enterprise ', identity)"
PLACES = CountedFigure(
    "accompanied_enterprise",
    f"""
    select {_SAME_PLACE} as subject, k.place as kept, n.place as computed
      from (select project_id, identity, concat(college_id, ' ', region_code) as place from ({_KEPT_PLACES}) k) k
      full join (select project_id, identity, concat(college_id, ' ', region_code) as place from ({_PLACES}) n) n
        using (project_id, identity)
    """,  # noqa: S608 - our own constants
    (
        "delete from accompanied_enterprise",
        f"insert into accompanied_enterprise (project_id, identity, college_id, region_code) {_PLACES}",
    ),
    ("mandate", "enterprise", "accompanied_enterprise"),
)

_COUNTS = f"""
    select college_id, null::int as project_id, null::text as region_code, count(*) as enterprises
      from enterprise where accompanied group by college_id
    union all
    select college_id, project_id, region_code, count(*) from ({_PLACES}) p group by college_id, project_id, region_code
"""  # noqa: S608
_WHERE = "concat('college ', college_id, ', project ', project_id, ', region ', region_code)"
COUNTS = CountedFigure(
    "accompanied_count",
    f"""
    select coalesce(k.subject, n.subject) as subject, k.enterprises as kept, n.enterprises as computed
      from (select {_WHERE} as subject, enterprises from accompanied_count where enterprises <> 0) k
      full join (select {_WHERE} as subject, enterprises from ({_COUNTS}) n) n using (subject)
    """,  # noqa: S608
    (
        "delete from accompanied_count",
        f"insert into accompanied_count (college_id, project_id, region_code, enterprises) {_COUNTS}",
    ),
    ("mandate", "enterprise", "accompanied_enterprise", "accompanied_count"),
)

WORDS = CountedFigure(
    "enterprise_word",
    """
    select coalesce(k.enterprise_id, n.id) as subject, k.words as kept, n.words as computed
      from (select enterprise_id, string_agg(part || '/' || college_id, ' ' order by part) as words
              from enterprise_word group by enterprise_id) k
      full join (select e.id, string_agg(w.part || '/' || e.college_id, ' ' order by w.part collate "C") as words
                   from enterprise e cross join lateral search_parts(e.search_key) w(part) group by e.id) n
        on n.id = k.enterprise_id
    """,
    ("select rebuild_search_words()",),
    ("enterprise", "enterprise_word"),
)

_DECIDED = "exists (select from countersignature c where c.field_hours_id = h.id)"
DECIDED = CountedFigure(
    "field_hours.decided",
    f"select h.id as subject, h.decided as kept, {_DECIDED} as computed from field_hours h",  # noqa: S608 - our own constants
    (f"update field_hours h set decided = not h.decided where h.decided <> {_DECIDED}",),  # noqa: S608
    ("field_hours", "countersignature"),
)

FIGURES = (DECIDED, MANDATE, ENTERPRISE, PLACES, COUNTS, WORDS)
"""In the order in which one counts the other."""
