using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Writing;

/// <summary>The functions of the proxy for rows that are stored already. Texts that a model does not take get no vector.</summary>
/// <param name="models">Models that embedding functions ask.</param>
public sealed class FunctionFiller(AnalyzerRegistry analyzers, IModelGateway models) : IFunctionFiller
{
    private readonly FunctionOutputs _functions = new(analyzers, models);

    public ImmutableArray<FieldSchema> InputsOf(CollectionSchema schema, FunctionSchema function)
    {
        var input = schema.Find(function.InputFields[0])!;
        // The field that chooses the analyzer.
        var chooser = input.Param("multi_analyzer_params") is { } text && !string.IsNullOrWhiteSpace(text) ? schema.Find(MultiAnalyzer.Parse(text).ByField) : null;
        return chooser is null || chooser.Id == input.Id ? [input] : [input, chooser];
    }

    public ValueTask<Column> ComputeAsync(CollectionSchema schema, FunctionSchema function, IReadOnlyDictionary<long, Column> inputs, CancellationToken cancellation) =>
        _functions.ComputeAsync(schema, function, inputs, leavesOutEmpty: true, cancellation);
}
