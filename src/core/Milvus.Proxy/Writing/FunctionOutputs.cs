using System.Collections.Concurrent;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;

namespace Milvus.Proxy.Writing;

/// <summary>Runs the schema's functions over the input columns of a batch. Keeps compiled analyzers; thread-safe.</summary>
internal sealed class FunctionOutputs(AnalyzerRegistry analyzers)
{
    private const int Capacity = 1024;
    private readonly ConcurrentDictionary<string, Entry> _multi = new(StringComparer.Ordinal);

    private sealed record Entry(Bm25Function Function, string ByField);

    /// <summary>Adds the column of every output field.</summary>
    /// <param name="columns">Converted columns by field id.</param>
    public void Compute(CollectionSchema schema, IDictionary<long, Column> columns)
    {
        foreach (var function in schema.Functions)
        {
            if (function.Type != FunctionType.BM25)
                throw new MilvusException(ErrorCode.FunctionFailed, $"function {function.Name} of type {function.Type} is not supported");
            var input = schema.Find(function.InputFields[0])!;
            var output = schema.Find(function.OutputFields[0])!;
            var texts = (BinaryColumn)columns[input.Id];
            if (Multi(input) is { } multi)
            {
                var names = schema.Find(multi.ByField) is { } by ? (BinaryColumn)columns[by.Id] : null;
                columns[output.Id] = multi.Function.Embed(texts, names);
            }
            else columns[output.Id] = Single(input).Embed(texts);
        }
    }

    /// <summary>The sparse term rows of query texts against a BM25 output field.</summary>
    /// <param name="analyzerName">With several analyzers: which; null for the default one.</param>
    /// <exception cref="MilvusException">1100: the field is no output of a text function.</exception>
    public Bm25Function ForQuery(CollectionSchema schema, FieldSchema output)
    {
        foreach (var function in schema.Functions)
        {
            if (function.Type != FunctionType.BM25 || !function.OutputFields.Contains(output.Name)) continue;
            var input = schema.Find(function.InputFields[0])!;
            return Multi(input)?.Function ?? Single(input);
        }
        throw MilvusException.InvalidParameter($"vector type must be the same: field type {output.Type}, search type {DataType.VarChar}");
    }

    private Bm25Function Single(FieldSchema input) => new(analyzers.Get(input.Param("analyzer_params")));

    private Entry? Multi(FieldSchema input)
    {
        var text = input.Param("multi_analyzer_params");
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (_multi.TryGetValue(text, out var entry)) return entry;
        var parsed = MultiAnalyzer.Parse(text);
        entry = new Entry(new Bm25Function(parsed), parsed.ByField);
        if (_multi.Count < Capacity) _multi[text] = entry;
        return entry;
    }
}
