//! Pages of lists.

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
}

impl<T> Page<T> {
    /// Converts every item.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), total: self.total }
    }
}

/// Column to order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderBy {
    /// When it was made.
    #[default]
    Created,
    /// When it last changed.
    Updated,
    /// Its name.
    Name,
}

/// Direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest, or last in the alphabet, first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

/// Which page of a list, in which order.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// 1-based; 0 counts as 1.
    pub page: u32,
    /// Items a page; `None` = all, 0 = none.
    pub size: Option<u32>,
    /// Column to order by.
    pub by: OrderBy,
    /// Direction.
    pub order: Order,
}

impl PageRequest {
    /// Everything on one page, newest first.
    pub fn all() -> Self {
        Self { page: 1, size: None, by: OrderBy::Created, order: Order::Descending }
    }

    /// Items before this page, and items on it (−1 = no limit), as SQL wants them.
    pub fn offset_limit(&self) -> (i64, i64) {
        match self.size {
            None => (0, -1),
            Some(size) => (i64::from(self.page.max(1) - 1).saturating_mul(i64::from(size)), i64::from(size)),
        }
    }
}
