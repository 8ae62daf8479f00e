using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;
using Milvus.Text.MinHash;

namespace Milvus.Proxy.Writing;

/// <summary>Runs the schema's functions over the input columns of a batch, and over the texts of queries. Keeps compiled analyzers; thread-safe.</summary>
internal sealed class FunctionOutputs(AnalyzerRegistry analyzers, IModelGateway models)
{
    private const int Capacity = 1024;
    private const int UsualShingleSize = 3;
    private const long UsualSeed = 1234;
    private readonly ConcurrentDictionary<string, Entry> _multi = new(StringComparer.Ordinal);

    private sealed record Entry(Bm25Function Function, string ByField);

    /// <summary>Which model an embedding function asks.</summary>
    public static ModelCall CallOf(FunctionSchema function)
    {
        var parameters = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in function.Params) parameters[key] = value;
        return new ModelCall((function.Param("provider") ?? "").ToLowerInvariant(), parameters.ToImmutable());
    }

    /// <summary>Adds the column of every output field that is not there already.</summary>
    /// <param name="columns">Converted columns by field id.</param>
    /// <exception cref="MilvusException">2 and 2400: a model could not be asked. 1100: a text that it cannot take.</exception>
    public async ValueTask ComputeAsync(CollectionSchema schema, Dictionary<long, Column> columns, CancellationToken cancellation)
    {
        foreach (var function in schema.Functions)
        {
            var output = schema.Find(function.OutputFields[0])!;
            if (columns.ContainsKey(output.Id)) continue;
            columns[output.Id] = await ComputeAsync(schema, function, columns, leavesOutEmpty: false, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The output column of one function.</summary>
    /// <param name="columns">At least its inputs, by field id.</param>
    /// <param name="leavesOutEmpty">A text that a model does not take, as it is null or empty, has no output; otherwise it is an error.</param>
    public async ValueTask<Column> ComputeAsync(
        CollectionSchema schema, FunctionSchema function, IReadOnlyDictionary<long, Column> columns, bool leavesOutEmpty, CancellationToken cancellation)
    {
        var output = schema.Find(function.OutputFields[0])!;
        var input = schema.Find(function.InputFields[0])!;
        var texts = (BinaryColumn)columns[input.Id];
        return function.Type switch
        {
            FunctionType.BM25 => await TermsAsync(schema, input, texts, columns, cancellation).ConfigureAwait(false),
            FunctionType.MinHash => await SignaturesAsync(function, input, output, texts, cancellation).ConfigureAwait(false),
            FunctionType.TextEmbedding when leavesOutEmpty => await EmbedPresentAsync(function, output, Texts(texts), cancellation).ConfigureAwait(false),
            FunctionType.TextEmbedding => await EmbedAsync(function, output, Texts(texts), EmbeddingPurpose.Document, cancellation).ConfigureAwait(false),
            _ => throw new MilvusException(ErrorCode.FunctionFailed, $"function {function.Name} of type {function.Type} is not supported"),
        };
    }

    /// <summary>Asks the model of an embedding function for one vector and forgets it.</summary>
    /// <exception cref="MilvusException">2 and 2400: the model could not be asked, or its vector does not fit.</exception>
    public async ValueTask TryAsync(FunctionSchema function, FieldSchema output, CancellationToken cancellation) =>
        await EmbedAsync(function, output, ["check"], EmbeddingPurpose.Document, cancellation).ConfigureAwait(false);

    /// <summary>What query texts are as vectors of an output field.</summary>
    /// <param name="analyzerName">With several analyzers: which; null for the default one.</param>
    /// <exception cref="MilvusException">1100: the field is no output of a text function. 2 and 2400: a model could not be asked.</exception>
    public async ValueTask<QueryVectors> EmbedQueriesAsync(
        CollectionSchema schema, FieldSchema output, ImmutableArray<ReadOnlyMemory<byte>> texts, string? analyzerName, CancellationToken cancellation)
    {
        var function = schema.FunctionOf(output);
        if (function?.Type is not (FunctionType.BM25 or FunctionType.MinHash or FunctionType.TextEmbedding))
            throw MilvusException.InvalidParameter($"vector type must be the same: field type {output.Type}, search type {DataType.VarChar}");
        var input = schema.Find(function.InputFields[0])!;
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(texts.Length);
        switch (function.Type)
        {
            case FunctionType.BM25:
                var terms = Multi(input)?.Function ?? Single(input);
                string[] queries = [.. texts.Select(t => Encoding.UTF8.GetString(t.Span))];
                await terms.PrepareAsync(queries, analyzerName, cancellation).ConfigureAwait(false);
                foreach (var query in queries) rows.Add(terms.Embed(query, analyzerName));
                return new QueryVectors(DataType.SparseFloatVector, rows.MoveToImmutable());
            case FunctionType.MinHash:
                var hashes = MinHash(function, input, output);
                foreach (var text in texts)
                {
                    var signature = new byte[hashes.SignatureBytes];
                    hashes.Embed(text.Span, signature);
                    rows.Add(signature);
                }
                return new QueryVectors(DataType.BinaryVector, rows.MoveToImmutable());
            default:
                var column = await EmbedAsync(function, output, [.. texts.Select(t => Encoding.UTF8.GetString(t.Span))], EmbeddingPurpose.Query, cancellation).ConfigureAwait(false);
                for (var i = 0; i < column.Count; i++) rows.Add(column.Memory.Slice(i * column.RowBytes, column.RowBytes));
                return new QueryVectors(output.Type, rows.MoveToImmutable());
        }
    }

    private async ValueTask<BinaryColumn> TermsAsync(
        CollectionSchema schema, FieldSchema input, BinaryColumn texts, IReadOnlyDictionary<long, Column> columns, CancellationToken cancellation)
    {
        var multi = Multi(input);
        var function = multi?.Function ?? Single(input);
        var names = multi is not null && schema.Find(multi.ByField) is { } by ? (BinaryColumn)columns[by.Id] : null;
        await function.PrepareAsync(texts, names, cancellation).ConfigureAwait(false);
        return function.Embed(texts, names);
    }

    private async ValueTask<Column> SignaturesAsync(FunctionSchema function, FieldSchema input, FieldSchema output, BinaryColumn texts, CancellationToken cancellation)
    {
        var analyzer = analyzers.Get(input.Param("analyzer_params"));
        if (analyzer.AsksService) await analyzer.PrepareAsync(Texts(texts), cancellation).ConfigureAwait(false);
        return MinHash(function, input, output).Embed(texts);
    }

    private async ValueTask<VectorColumn> EmbedAsync(
        FunctionSchema function, FieldSchema output, string[] texts, EmbeddingPurpose purpose, CancellationToken cancellation)
    {
        if (texts.Contains("")) throw MilvusException.InvalidParameter("There is an empty string in the input data, TextEmbedding function does not support empty text");
        var vectors = await models.EmbedAsync(CallOf(function), purpose, texts, cancellation).ConfigureAwait(false);
        if (vectors.Length > 0 && vectors[0].Length != output.Dimension)
            throw new MilvusException(ErrorCode.FunctionFailed, $"the required embedding dim is [{output.Dimension}], but the embedding obtained from the model is [{vectors[0].Length}]: function execution failed");
        var data = new byte[checked(vectors.Length * output.Type.VectorBytes(output.Dimension))];
        for (var i = 0; i < vectors.Length; i++)
        {
            if (output.Type == DataType.FloatVector) MemoryMarshal.AsBytes<float>(vectors[i]).CopyTo(data.AsSpan(i * output.Dimension * sizeof(float)));
            else
                for (var d = 0; d < output.Dimension; d++) data[(i * output.Dimension) + d] = (byte)(sbyte)Math.Clamp(MathF.Round(vectors[i][d]), sbyte.MinValue, sbyte.MaxValue);
        }
        return new VectorColumn(output.Type, output.Dimension, data);
    }

    private async ValueTask<Column> EmbedPresentAsync(FunctionSchema function, FieldSchema output, string[] texts, CancellationToken cancellation)
    {
        var present = Array.FindAll(texts, t => t.Length > 0);
        var builder = ColumnBuilder.For(output);
        var vectors = present.Length == 0 ? null : await EmbedAsync(function, output, present, EmbeddingPurpose.Document, cancellation).ConfigureAwait(false);
        var next = 0;
        foreach (var text in texts)
        {
            if (text.Length == 0) builder.AppendNull();
            else builder.AppendFrom(vectors!, next++);
        }
        return builder.Build();
    }

    private static string[] Texts(BinaryColumn column)
    {
        var texts = new string[column.Count];
        for (var i = 0; i < texts.Length; i++) texts[i] = column.IsNull(i) ? "" : column.GetString(i);
        return texts;
    }

    private MinHashFunction MinHash(FunctionSchema function, FieldSchema input, FieldSchema output) => new(
        analyzers.Get(input.Param("analyzer_params")),
        output.Dimension / 32,
        function.Param("shingle_size") is { } size ? int.Parse(size, CultureInfo.InvariantCulture) : UsualShingleSize,
        function.Param("token_level")?.ToLowerInvariant() is "char" or "character" ? ShingleUnit.Character : ShingleUnit.Word,
        string.Equals(function.Param("hash_function"), "sha1", StringComparison.OrdinalIgnoreCase) ? ShingleHash.Sha1 : ShingleHash.XxHash64,
        function.Param("seed") is { } seed ? long.Parse(seed, CultureInfo.InvariantCulture) : UsualSeed);

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
