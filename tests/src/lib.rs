//! Black-box tests through HTTP: one binary, a module per feature, each test on both engines.

#[cfg(test)]
mod kills;
#[cfg(test)]
mod leads;
#[cfg(test)]
mod published;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tenancy;
