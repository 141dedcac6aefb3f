//! What the host has seen of every plugin, in Prometheus' text format (version 0.0.4).

use mortise_domain::plugin::SECONDS;
use mortise_service::ListedPlugin;
use std::fmt::Write;

/// Name, help, and where the value is.
type Gauge = (&'static str, &'static str, fn(&ListedPlugin) -> u64);

/// One page of metrics.
pub(crate) fn text(plugins: &[ListedPlugin], refused: &[(String, u64)]) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, of: &dyn Fn(&mut String, &ListedPlugin, &str)| {
        // Writing into a text cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for plugin in plugins {
            of(&mut out, plugin, &labels(plugin));
        }
    };
    let line = |out: &mut String, name: &str, labels: &str, value: String| {
        let _ = writeln!(out, "{name}{{{labels}}} {value}");
    };
    family("mortise_plugin_info", "gauge", "Installed plugins.", &|out, plugin, labels| {
        let (version, digest) = (escaped(&plugin.info.version), &plugin.info.digest);
        let labels = format!("{labels},version=\"{version}\",digest=\"sha256:{digest}\"");
        line(out, "mortise_plugin_info", &labels, "1".into());
    });
    family("mortise_plugin_calls_total", "counter", "Calls that ended, well or not.", &|out, plugin, labels| {
        line(out, "mortise_plugin_calls_total", labels, plugin.stats.calls.to_string());
    });
    family(
        "mortise_plugin_faults_total",
        "counter",
        "Calls that ended in a fault, by kind.",
        &|out, plugin, labels| {
            for (kind, count) in &plugin.stats.faults {
                line(out, "mortise_plugin_faults_total", &format!("{labels},kind=\"{kind}\""), count.to_string());
            }
        },
    );
    family("mortise_plugin_call_seconds", "histogram", "How long calls took.", &|out, plugin, labels| {
        let mut below = 0;
        for (bucket, count) in plugin.stats.seconds.buckets.iter().enumerate() {
            below += count;
            let bound = SECONDS.get(bucket).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            line(out, "mortise_plugin_call_seconds_bucket", &format!("{labels},le=\"{bound}\""), below.to_string());
        }
        line(out, "mortise_plugin_call_seconds_sum", labels, plugin.stats.seconds.sum.to_string());
        line(out, "mortise_plugin_call_seconds_count", labels, below.to_string());
    });
    let gauges: [Gauge; 4] = [
        ("mortise_plugin_peak_memory_bytes", "Largest linear memory of an instance.", |p| p.stats.peak_memory_bytes),
        ("mortise_plugin_running", "Calls under way.", |p| p.stats.running),
        ("mortise_plugin_waiting", "Calls that wait for a slot.", |p| p.stats.waiting),
        ("mortise_plugin_warm_instances", "Warm instances that nobody uses now.", |p| p.stats.warm),
    ];
    for (name, help, value) in gauges {
        family(name, "gauge", help, &|out, plugin, labels| line(out, name, labels, value(plugin).to_string()));
    }
    family("mortise_plugin_instances_total", "counter", "Instances made.", &|out, plugin, labels| {
        line(out, "mortise_plugin_instances_total", labels, plugin.stats.instances.to_string());
    });
    let name = "mortise_plugin_installations_refused_total";
    let _ = writeln!(out, "# HELP {name} Installations that were refused, by reason.\n# TYPE {name} counter");
    for (reason, count) in refused {
        let _ = writeln!(out, "{name}{{reason=\"{}\"}} {count}", escaped(reason));
    }
    out
}

fn labels(plugin: &ListedPlugin) -> String {
    let mut labels = format!("role=\"{}\",plugin=\"{}\"", plugin.info.role, escaped(&plugin.info.name));
    if let Some(tenant) = &plugin.info.tenant {
        let _ = write!(labels, ",tenant=\"{}\"", escaped(tenant.as_str()));
    }
    labels
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
