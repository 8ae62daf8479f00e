using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Milvus.Api.Metrics;

/// <summary>Instruments of one name that differ in the values of their labels.</summary>
public abstract class MetricFamily(string name, string help, string type, string[] labels)
{
    public string Name { get; } = name;

    protected string[] Labels { get; } = labels;

    internal void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
        WriteSeries(text);
    }

    private protected abstract void WriteSeries(StringBuilder text);

    /// <summary>The label part of a series' key: <c>a="x",b="y"</c>.</summary>
    private protected string Key(string[] values)
    {
        if (values.Length != Labels.Length)
            throw new ArgumentException($"{Name} has {Labels.Length} labels, not {values.Length}", nameof(values));
        var key = new StringBuilder();
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0) key.Append(',');
            key.Append(Labels[i]).Append("=\"");
            foreach (var c in values[i])
            {
                if (c is '\\' or '"') key.Append('\\').Append(c);
                else if (c == '\n') key.Append("\\n");
                else key.Append(c);
            }
            key.Append('"');
        }
        return key.ToString();
    }

    private protected static void Line(StringBuilder text, string name, string key, string extra, double value)
    {
        text.Append(name);
        if (key.Length + extra.Length > 0)
        {
            text.Append('{').Append(key);
            if (key.Length > 0 && extra.Length > 0) text.Append(',');
            text.Append(extra).Append('}');
        }
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private protected static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A family whose instruments are made on first use and kept.</summary>
public abstract class MetricFamily<T>(string name, string help, string type, string[] labels, Func<T> make)
    : MetricFamily(name, help, type, labels)
    where T : class
{
    private readonly ConcurrentDictionary<string, T> _series = new(StringComparer.Ordinal);

    /// <summary>The instrument of these label values. Keep it where it is used often: this call builds a key.</summary>
    public T With(params string[] values) => _series.GetOrAdd(Key(values), static (_, make) => make(), make);

    private protected override void WriteSeries(StringBuilder text)
    {
        foreach (var (key, instrument) in _series.OrderBy(s => s.Key, StringComparer.Ordinal)) WriteOne(text, key, instrument);
    }

    private protected abstract void WriteOne(StringBuilder text, string key, T instrument);
}

public sealed class CounterFamily(string name, string help, string[] labels)
    : MetricFamily<Counter>(name, help, "counter", labels, () => new Counter())
{
    private protected override void WriteOne(StringBuilder text, string key, Counter instrument) =>
        Line(text, Name, key, "", instrument.Value);
}

public sealed class GaugeFamily(string name, string help, string[] labels)
    : MetricFamily<Gauge>(name, help, "gauge", labels, () => new Gauge())
{
    private protected override void WriteOne(StringBuilder text, string key, Gauge instrument) =>
        Line(text, Name, key, "", instrument.Value);
}

public sealed class HistogramFamily(string name, string help, double[] bounds, string[] labels)
    : MetricFamily<Histogram>(name, help, "histogram", labels, () => new Histogram(bounds))
{
    private protected override void WriteOne(StringBuilder text, string key, Histogram instrument)
    {
        var total = 0L;
        for (var i = 0; i <= instrument.Bounds.Count; i++)
        {
            total += instrument.CountIn(i);
            var bound = i < instrument.Bounds.Count ? instrument.Bounds[i] : double.PositiveInfinity;
            Line(text, Name + "_bucket", key, $"le=\"{Number(bound)}\"", total);
        }
        Line(text, Name + "_sum", key, "", instrument.Sum);
        Line(text, Name + "_count", key, "", total);
    }
}

/// <summary>A number read when somebody asks.</summary>
internal sealed class ObservedFamily(string name, string help, string type, Func<IEnumerable<(string Label, double Value)>> read, string[] labels)
    : MetricFamily(name, help, type, labels)
{
    private protected override void WriteSeries(StringBuilder text)
    {
        foreach (var (label, value) in read()) Line(text, Name, Labels.Length == 0 ? "" : Key([label]), "", value);
    }
}
