//! User rules such as `temp > 5000 and hum < 3000`: compiled to a small stack program and run at every reading.

use crate::channel::{COUNT, KINDS};

const LONGEST: usize = 48;
const DEEPEST: usize = 8;

/// One step of a compiled rule.
#[derive(Clone, Copy)]
enum Step {
    Number(i32),
    Channel(u8),
    Operator(Operator),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Less,
    Greater,
    Equal,
    Add,
    Subtract,
    Multiply,
    Divide,
    Not,
    Open,
}

/// Words and signs of the operators, and how strongly they bind.
static OPERATORS: [(&str, Operator, u8); 10] = [
    ("or", Operator::Or, 1),
    ("and", Operator::And, 2),
    ("<", Operator::Less, 3),
    (">", Operator::Greater, 3),
    ("=", Operator::Equal, 3),
    ("+", Operator::Add, 4),
    ("-", Operator::Subtract, 4),
    ("*", Operator::Multiply, 5),
    ("/", Operator::Divide, 5),
    ("not", Operator::Not, 6),
];

/// Why a rule is refused or stopped; the number is its fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleError {
    TooLong,
    TooDeep,
    Word { position: usize },
    DivisionByZero,
}

impl RuleError {
    pub(crate) fn fault(self) -> u16 {
        match self {
            Self::TooLong => 0x070,
            Self::TooDeep => 0x071,
            Self::Word { .. } => 0x072,
            Self::DivisionByZero => 0x073,
        }
    }
}

/// A compiled rule.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    steps: [Step; LONGEST],
    len: usize,
}

struct Stack<T: Copy, const N: usize> {
    items: [Option<T>; N],
    len: usize,
}

impl<T: Copy, const N: usize> Stack<T, N> {
    const fn new() -> Self {
        Self {
            items: [None; N],
            len: 0,
        }
    }

    fn push(&mut self, item: T) -> Result<(), RuleError> {
        *self.items.get_mut(self.len).ok_or(RuleError::TooDeep)? = Some(item);
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        self.items[self.len]
    }
}

impl Rule {
    /// Compiles words separated by spaces, by the shunting-yard method.
    pub(crate) fn compile(text: &str) -> Result<Self, RuleError> {
        let mut rule = Self {
            steps: [Step::Number(0); LONGEST],
            len: 0,
        };
        let mut waiting = Stack::<(Operator, u8), DEEPEST>::new();
        for (position, word) in text.split_ascii_whitespace().enumerate() {
            if word == "(" {
                waiting.push((Operator::Open, 0))?;
            } else if word == ")" {
                loop {
                    match waiting.pop() {
                        Some((Operator::Open, _)) => break,
                        Some((operator, _)) => rule.push(Step::Operator(operator))?,
                        None => return Err(RuleError::Word { position }),
                    }
                }
            } else if let Some(&(_, operator, binding)) = OPERATORS.iter().find(|row| row.0 == word)
            {
                while let Some((above, strength)) = waiting.pop() {
                    if strength < binding || operator == Operator::Not {
                        waiting.push((above, strength))?;
                        break;
                    }
                    rule.push(Step::Operator(above))?;
                }
                waiting.push((operator, binding))?;
            } else if let Some(channel) = KINDS.iter().position(|kind| kind.key == word) {
                rule.push(Step::Channel(channel as u8))?;
            } else {
                let number = word.parse().map_err(|_| RuleError::Word { position })?;
                rule.push(Step::Number(number))?;
            }
        }
        while let Some((operator, _)) = waiting.pop() {
            rule.push(Step::Operator(operator))?;
        }
        rule.run(&[1; COUNT]).or_else(|error| match error {
            RuleError::DivisionByZero => Ok(0),
            other => Err(other),
        })?;
        Ok(rule)
    }

    fn push(&mut self, step: Step) -> Result<(), RuleError> {
        *self.steps.get_mut(self.len).ok_or(RuleError::TooLong)? = step;
        self.len += 1;
        Ok(())
    }

    /// The rule's value for these channel values; not zero means that it holds.
    pub(crate) fn run(&self, values: &[i32; COUNT]) -> Result<i32, RuleError> {
        let mut stack = Stack::<i32, DEEPEST>::new();
        for (position, step) in self.steps[..self.len].iter().enumerate() {
            let missing = RuleError::Word { position };
            let value = match step {
                Step::Number(number) => *number,
                Step::Channel(channel) => values[usize::from(*channel)],
                Step::Operator(Operator::Not) => i32::from(stack.pop().ok_or(missing)? == 0),
                Step::Operator(operator) => {
                    let right = stack.pop().ok_or(missing)?;
                    let left = stack.pop().ok_or(missing)?;
                    match operator {
                        Operator::Or => i32::from(left != 0 || right != 0),
                        Operator::And => i32::from(left != 0 && right != 0),
                        Operator::Less => i32::from(left < right),
                        Operator::Greater => i32::from(left > right),
                        Operator::Equal => i32::from(left == right),
                        Operator::Add => left.saturating_add(right),
                        Operator::Subtract => left.saturating_sub(right),
                        Operator::Multiply => left.saturating_mul(right),
                        Operator::Divide => {
                            left.checked_div(right).ok_or(RuleError::DivisionByZero)?
                        }
                        Operator::Not | Operator::Open => return Err(missing),
                    }
                }
            };
            stack.push(value)?;
        }
        stack.pop().ok_or(RuleError::Word { position: 0 })
    }
}
