using System.Collections.Concurrent;
using System.Text;

namespace Milvus.Api.Metrics;

/// <summary>All metrics of a process, in the text format 0.0.4 that Prometheus reads. Thread-safe.</summary>
public sealed class MetricsRegistry
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    /// <summary>A family of counters; the same name gives the same family.</summary>
    public CounterFamily Counter(string name, string help, params string[] labels) =>
        Add(name, () => new CounterFamily(name, help, labels));

    public GaugeFamily Gauge(string name, string help, params string[] labels) =>
        Add(name, () => new GaugeFamily(name, help, labels));

    /// <param name="bounds">Ascending upper bounds of the buckets.</param>
    public HistogramFamily Histogram(string name, string help, double[] bounds, params string[] labels) =>
        Add(name, () => new HistogramFamily(name, help, bounds, labels));

    /// <summary>A gauge read on demand.</summary>
    public void Observe(string name, string help, Func<double> read) =>
        Add(name, () => new ObservedFamily(name, help, "gauge", () => [("", read())], []));

    /// <summary>A counter read on demand.</summary>
    public void ObserveTotal(string name, string help, Func<double> read) =>
        Add(name, () => new ObservedFamily(name, help, "counter", () => [("", read())], []));

    /// <summary>Gauges read on demand, one per value of a label.</summary>
    public void Observe(string name, string help, string label, Func<IEnumerable<(string Label, double Value)>> read) =>
        Add(name, () => new ObservedFamily(name, help, "gauge", read, [label]));

    public string Render()
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)) family.Write(text);
        return text.ToString();
    }

    private T Add<T>(string name, Func<T> make)
        where T : MetricFamily =>
        _families.GetOrAdd(name, _ => make()) as T ?? throw new ArgumentException($"metric {name} exists with another type", nameof(name));
}
