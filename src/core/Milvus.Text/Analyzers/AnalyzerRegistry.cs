using System.Collections.Concurrent;

namespace Milvus.Text.Analyzers;

/// <summary>
/// Analyzers by their parameter text, so that fields, segments and requests with the same text share one. Bounded: past the capacity
/// analyzers are still made, just not kept. Safe for any number of threads.
/// </summary>
public sealed class AnalyzerRegistry(int capacity = 1024)
{
    private readonly ConcurrentDictionary<string, Analyzer> _analyzers = new(StringComparer.Ordinal);

    /// <exception cref="Model.MilvusException">1100: see <see cref="Analyzer.Parse"/>.</exception>
    public Analyzer Get(string? analyzerParams)
    {
        if (string.IsNullOrWhiteSpace(analyzerParams))
            return Analyzer.Standard;
        if (_analyzers.TryGetValue(analyzerParams, out Analyzer? analyzer))
            return analyzer;
        analyzer = Analyzer.Parse(analyzerParams);
        return _analyzers.Count < capacity ? _analyzers.GetOrAdd(analyzerParams, analyzer) : analyzer;
    }
}
