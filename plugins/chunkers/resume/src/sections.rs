//! The sections of a CV, by their headings.

/// What a section tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Summary,
    Work,
    Education,
    Projects,
    Skills,
    Other,
}

const HEADINGS: &[(Section, &[&str])] = &[
    (
        Section::Summary,
        &[
            "summary",
            "profile",
            "about me",
            "objective",
            "career objective",
            "professional summary",
            "个人简介",
            "自我评价",
            "个人评价",
            "求职意向",
            "个人总结",
            "个人信息",
            "基本信息",
            "基本资料",
            "personal information",
            "personal details",
            "contact",
            "contact information",
            "联系方式",
        ],
    ),
    (
        Section::Work,
        &[
            "experience",
            "work experience",
            "professional experience",
            "employment",
            "employment history",
            "work history",
            "career history",
            "工作经历",
            "工作经验",
            "职业经历",
            "工作背景",
            "实习经历",
        ],
    ),
    (
        Section::Education,
        &["education", "education and training", "academic background", "教育经历", "教育背景", "学历", "学习经历"],
    ),
    (
        Section::Projects,
        &["projects", "project experience", "selected projects", "personal projects", "项目经历", "项目经验"],
    ),
    (
        Section::Skills,
        &[
            "skills",
            "technical skills",
            "core skills",
            "key skills",
            "skills & tools",
            "skills and tools",
            "technologies",
            "competencies",
            "core competencies",
            "专业技能",
            "技能",
            "技能特长",
            "职业技能",
            "掌握技能",
            "技能清单",
        ],
    ),
    (
        Section::Other,
        &[
            "languages",
            "certifications",
            "certificates",
            "awards",
            "honors",
            "honours",
            "publications",
            "references",
            "interests",
            "hobbies",
            "volunteering",
            "volunteer experience",
            "语言能力",
            "证书",
            "获奖情况",
            "荣誉奖项",
            "荣誉证书",
            "兴趣爱好",
            "培训经历",
            "校园经历",
            "其他",
            "附加信息",
        ],
    ),
];

/// The section that a line begins, if it is a section's heading and nothing else.
pub(crate) fn of(text: &str) -> Option<Section> {
    if text.chars().count() > 40 {
        return None;
    }
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    // Chinese headings are often spaced out: «教 育 背 景».
    let joined: String = bare.split_whitespace().collect();
    HEADINGS
        .iter()
        .find(|(_, words)| words.iter().any(|word| *word == bare || *word == joined))
        .map(|(section, _)| *section)
}
