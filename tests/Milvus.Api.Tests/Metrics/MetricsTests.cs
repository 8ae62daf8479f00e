using Milvus.Api.Metrics;

namespace Milvus.Api.Tests.Metrics;

public sealed class MetricsTests
{
    [Fact]
    public void Everything_renders_in_the_text_format()
    {
        var registry = new MetricsRegistry();
        registry.Counter("b_total", "Things.", "kind", "name").With("x", "say \"hi\"\\\n").Add(3);
        registry.Gauge("a_level", "Level.").With().Set(1.5);
        var histogram = registry.Histogram("c_ms", "Time.", [1, 2.5], "f").With("g");
        foreach (var value in new[] { 0.5, 1, 2, 9 }) histogram.Observe(value);
        registry.Observe("d_now", "Now.", () => 42);
        registry.Observe("e_by", "By.", "l", () => [("0", 1), ("1", 2)]);

        Assert.Equal(
            """
            # HELP a_level Level.
            # TYPE a_level gauge
            a_level 1.5
            # HELP b_total Things.
            # TYPE b_total counter
            b_total{kind="x",name="say \"hi\"\\\n"} 3
            # HELP c_ms Time.
            # TYPE c_ms histogram
            c_ms_bucket{f="g",le="1"} 2
            c_ms_bucket{f="g",le="2.5"} 3
            c_ms_bucket{f="g",le="+Inf"} 4
            c_ms_sum{f="g"} 12.5
            c_ms_count{f="g"} 4
            # HELP d_now Now.
            # TYPE d_now gauge
            d_now 42
            # HELP e_by By.
            # TYPE e_by gauge
            e_by{l="0"} 1
            e_by{l="1"} 2

            """.ReplaceLineEndings("\n"),
            registry.Render());
    }

    [Fact]
    public void Counts_are_exact_under_contention()
    {
        var registry = new MetricsRegistry();
        var counters = registry.Counter("n", "N.", "k");
        var histogram = registry.Histogram("h", "H.", [10], "k").With("a");
        var gauge = registry.Gauge("g", "G.").With();
        Parallel.For(0, 20_000, i =>
        {
            counters.With(i % 2 == 0 ? "even" : "odd").Increment();
            histogram.Observe(i % 2 == 0 ? 1 : 100);
            gauge.Add(0.5);
        });
        Assert.Equal(10_000, counters.With("even").Value);
        Assert.Equal(10_000, counters.With("odd").Value);
        Assert.Equal((10_000, 10_000), (histogram.CountIn(0), histogram.CountIn(1)));
        Assert.Equal(1_010_000, histogram.Sum);
        Assert.Equal(10_000, gauge.Value);
    }

    [Fact]
    public void One_name_is_one_kind_of_metric()
    {
        var registry = new MetricsRegistry();
        Assert.Same(registry.Counter("x", "X.", "l"), registry.Counter("x", "X.", "l"));
        Assert.Throws<ArgumentException>(() => registry.Gauge("x", "X."));
        Assert.Throws<ArgumentException>(() => registry.Counter("x", "X.", "l").With("a", "b"));
    }

    [Fact]
    public void The_process_reports_its_cost()
    {
        var registry = new MetricsRegistry();
        ProcessMetrics.Register(registry);
        var text = registry.Render();
        Assert.Contains("process_resident_memory_bytes ", text);
        Assert.Contains("dotnet_gc_collections{generation=\"2\"} ", text);
    }
}
