//! Words of CVs in English and Chinese.

/// What a label stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    Name,
    Gender,
    Age,
    Birth,
    Phone,
    Email,
    City,
    Position,
    Years,
    Company,
    School,
    Degree,
    Major,
    Skills,
    Industry,
    Language,
    Salary,
    Website,
}

const LABELS: &[(Label, &[&str])] = &[
    (Label::Name, &["name", "fullname", "姓名", "名字"]),
    (Label::Gender, &["gender", "sex", "性别"]),
    (Label::Age, &["age", "年龄"]),
    (Label::Birth, &["dateofbirth", "birthdate", "birthday", "born", "dob", "出生日期", "出生年月", "生日"]),
    (
        Label::Phone,
        &[
            "phone",
            "tel",
            "telephone",
            "mobile",
            "cell",
            "phonenumber",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "联系方式",
        ],
    ),
    (Label::Email, &["email", "e-mail", "mail", "邮箱", "电子邮箱", "电子邮件", "邮件"]),
    (
        Label::City,
        &[
            "city",
            "location",
            "address",
            "residence",
            "所在地",
            "现居地",
            "现居住地",
            "居住地",
            "现居",
            "城市",
            "所在城市",
            "地址",
            "住址",
        ],
    ),
    (
        Label::Position,
        &[
            "position",
            "title",
            "jobtitle",
            "role",
            "desiredposition",
            "objective",
            "应聘职位",
            "应聘岗位",
            "求职意向",
            "期望职位",
            "目标职位",
            "意向岗位",
            "职位",
            "岗位",
            "职务",
        ],
    ),
    (Label::Years, &["yearsofexperience", "experience", "工作年限", "工作经验", "从业年限"]),
    (Label::Company, &["company", "employer", "currentcompany", "公司", "公司名称", "工作单位", "现任公司", "单位"]),
    (Label::School, &["school", "university", "college", "almamater", "毕业院校", "毕业学校", "学校", "院校"]),
    (Label::Degree, &["degree", "education", "highestdegree", "学历", "学位", "最高学历"]),
    (Label::Major, &["major", "fieldofstudy", "field", "专业", "所学专业", "主修"]),
    (Label::Skills, &["skills", "technicalskills", "technologies", "tools", "技能", "专业技能", "掌握技能"]),
    (Label::Industry, &["industry", "industries", "行业", "所属行业", "期望行业", "从事行业"]),
    (Label::Language, &["languages", "language", "语言", "外语", "语言能力"]),
    (Label::Salary, &["salary", "expectedsalary", "期望薪资", "期望月薪", "薪资要求", "期望薪水"]),
    (Label::Website, &["website", "github", "linkedin", "homepage", "blog", "个人主页", "博客", "主页"]),
];

/// What a label stands before; white space and case do not count.
pub(crate) fn label(text: &str) -> Option<Label> {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    LABELS.iter().find(|(_, words)| words.contains(&bare.as_str())).map(|(label, _)| *label)
}

/// Degrees, the highest first, with what they are called.
pub(crate) const DEGREES: &[(&str, &[&str])] = &[
    ("Doctor", &["ph.d", "phd", "doctorate", "doctor of", "dphil", "博士"]),
    ("MBA", &["mba", "工商管理硕士"]),
    ("Master", &["master", "m.sc", "msc", "m.s.", "m.a.", "m.eng", "meng", "硕士", "研究生"]),
    ("Bachelor", &["bachelor", "b.sc", "bsc", "b.s.", "b.a.", "b.eng", "beng", "undergraduate degree", "学士", "本科"]),
    ("Associate", &["associate degree", "associate of", "大专", "专科"]),
];

/// Words that end the name of a school.
pub(crate) const SCHOOLS: &[&str] =
    &["university", "college", "institute of technology", "polytechnic", "école", "universität"];

/// Words that end the name of a company.
pub(crate) const COMPANIES: &[&str] = &[
    "inc",
    "ltd",
    "llc",
    "gmbh",
    "corp",
    "corporation",
    "co",
    "plc",
    "s.a",
    "ag",
    "limited",
    "group",
    "company",
    "technologies",
    "labs",
];

/// Words of a job.
pub(crate) const JOBS: &[&str] = &[
    "engineer",
    "developer",
    "manager",
    "director",
    "analyst",
    "designer",
    "consultant",
    "architect",
    "scientist",
    "administrator",
    "assistant",
    "intern",
    "specialist",
    "officer",
    "accountant",
    "teacher",
    "nurse",
    "technician",
    "researcher",
    "programmer",
    "editor",
    "lead",
];

/// The same in Chinese.
pub(crate) const CHINESE_JOBS: &[&str] = &[
    "工程师",
    "经理",
    "总监",
    "主管",
    "专员",
    "设计师",
    "分析师",
    "顾问",
    "架构师",
    "程序员",
    "助理",
    "实习生",
    "会计",
    "教师",
    "护士",
    "研究员",
    "运营",
    "编辑",
];
