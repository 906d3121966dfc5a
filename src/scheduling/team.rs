//! Several searches side by side. They exchange what they found after a fixed number of steps each, so the same seed
//! and the same budget of steps give the same plan on any machine; only a stop from outside depends on time.

use super::plan::Plan;

/// A search that goes on step by step and can be told of better plans.
pub(super) trait Search: Send {
    /// One step.
    fn step(&mut self);
    /// The best plan so far and its value; lower is better.
    fn best(&self) -> (&Plan, i64);
    /// Exchange between all of them at the end of a round.
    fn exchange(team: &mut [Self])
    where
        Self: Sized;
}

/// How a team works.
pub(super) struct Rounds {
    /// Steps of each search between two exchanges.
    pub(super) steps: u64,
    /// Steps of each search altogether.
    pub(super) budget: u64,
    /// Nothing can be better than this.
    pub(super) bound: i64,
}

/// Works until the budget is spent, the bound is met or it is stopped; gives the best plan and the steps made.
/// `news` hears of every round: the best plan, its value, the steps so far.
pub(super) fn improve<S: Search>(team: &mut [S], rounds: &Rounds, stop: &(impl Fn() -> bool + Sync), mut news: impl FnMut(&Plan, i64, u64)) -> (Plan, u64) {
    let mut done = 0;
    while done < rounds.budget && !stop() && leader(team).best().1 > rounds.bound {
        let steps = rounds.steps.min(rounds.budget - done);
        let work = |search: &mut S| (0..steps).take_while(|_| !stop()).for_each(|_| search.step());
        if let [own, others @ ..] = &mut *team {
            std::thread::scope(|scope| {
                others.iter_mut().for_each(|search| _ = scope.spawn(|| work(search)));
                work(own);
            });
        }
        done += steps;
        S::exchange(team);
        let (plan, value) = leader(team).best();
        news(plan, value, done);
    }
    (leader(team).best().0.clone(), done)
}

/// The search with the best plan, the first of equals.
pub(super) fn leader<S: Search>(team: &[S]) -> &S {
    team.iter().min_by_key(|search| search.best().1).unwrap_or_else(|| unreachable!("a team has a member"))
}
