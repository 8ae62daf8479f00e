using Milvus.Expressions;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>Terms of analysed texts lie beside the column that they are of: used when they are sound, made again when not, never believed blindly.</summary>
public class StoredTextsTests
{
    private const int Rows = 4000;
    private const long Text = 101;

    private readonly InMemoryObjectStore _store = new();
    private readonly SegmentScratch _scratch = new();

    [Fact]
    public async Task Terms_are_left_beside_the_column_and_read_by_who_loads_it_next()
    {
        var schema = Schema("");
        var manifest = await SealAsync(schema);
        var key = TermsOf(manifest, "");
        var first = await SealedSegment.LoadAsync(manifest, schema, _store);
        Assert.Null(await first.WarmTextsAsync(_store));
        Assert.Empty(first.ColdTexts());
        Assert.NotNull(await _store.GetLengthAsync(key));

        var second = await SealedSegment.LoadAsync(manifest, schema, _store);
        Assert.Single(second.ColdTexts());
        var readOnly = new FaultyObjectStore(_store);
        readOnly.FailCall(1, ObjectOperation.Put);
        Assert.Null(await second.WarmTextsAsync(readOnly));
        Assert.Empty(second.ColdTexts());
        Assert.Equal(first.TextBytes, second.TextBytes);
        AssertAnswers(second, schema);
        Assert.Equal(Count(first, schema, "not text_match(text, 'fox')"), Count(second, schema, "not text_match(text, 'fox')"));
    }

    [Fact]
    public async Task A_filter_that_comes_first_reads_terms_that_are_in_files_and_leaves_those_that_it_made()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            var files = new LocalObjectStore(directory.FullName);
            var schema = Schema("");
            var manifest = await SealAsync(schema);
            await foreach (var o in _store.ListAsync("")) await files.PutAsync(o.Key, _store.Get(o.Key));
            var key = TermsOf(manifest, "");

            var first = await SealedSegment.LoadAsync(manifest, schema, files);
            AssertAnswers(first, schema);
            Assert.Single(first.ColdTexts());
            Assert.Null(await files.GetLengthAsync(key));
            Assert.Null(await first.WarmTextsAsync(files));
            Assert.Empty(first.ColdTexts());
            var bytes = await files.ReadAllBytesAsync(key);

            // Nothing is left to do when they were read.
            var second = await SealedSegment.LoadAsync(manifest, schema, files);
            AssertAnswers(second, schema);
            Assert.Empty(second.ColdTexts());
            Assert.Equal(first.TextBytes, second.TextBytes);

            await files.PutAsync(key, bytes.AsMemory(0, bytes.Length - 1));
            var third = await SealedSegment.LoadAsync(manifest, schema, files);
            AssertAnswers(third, schema);
            Assert.Null(await third.WarmTextsAsync(files));
            Assert.Equal(bytes, await files.ReadAllBytesAsync(key));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Damaged_terms_are_made_again_and_replaced()
    {
        var schema = Schema("");
        var manifest = await SealAsync(schema);
        var key = TermsOf(manifest, "");
        await (await SealedSegment.LoadAsync(manifest, schema, _store)).WarmTextsAsync(_store);
        var whole = _store.Get(key);
        var random = new Random(4);
        for (var i = 0; i < 30; i++)
        {
            var damaged = i % 3 == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
            if (i % 3 != 0) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            _store.Set(key, damaged);
            var segment = await SealedSegment.LoadAsync(manifest, schema, _store);
            Assert.Contains(key, Assert.IsAssignableFrom<IntegrityException>(await segment.WarmTextsAsync(_store)).Message, StringComparison.Ordinal);
            AssertAnswers(segment, schema);
            Assert.Equal(whole, _store.Get(key));
        }
    }

    [Fact]
    public async Task Terms_of_another_analyzer_or_number_of_rows_are_not_used()
    {
        var standard = Schema("");
        var manifest = await SealAsync(standard);
        await (await SealedSegment.LoadAsync(manifest, standard, _store)).WarmTextsAsync(_store);

        const string Whitespace = """{"tokenizer":"whitespace"}""";
        var other = Schema(Whitespace);
        var segment = await SealedSegment.LoadAsync(manifest, other, _store);
        Assert.Null(await segment.WarmTextsAsync(_store));
        Assert.NotEqual(TermsOf(manifest, ""), TermsOf(manifest, Whitespace));
        Assert.NotNull(await _store.GetLengthAsync(TermsOf(manifest, Whitespace)));
        Assert.Equal(Rows / 4, Count(segment, other, "text_match(text, 'Fox')"));
        Assert.Equal(0, Count(segment, other, "text_match(text, 'fox')"));

        var longer = await SealAsync(standard, segmentId: 2, rows: Rows + 4);
        _store.Set(TermsOf(longer, ""), _store.Get(TermsOf(manifest, "")));
        segment = await SealedSegment.LoadAsync(longer, standard, _store);
        Assert.IsAssignableFrom<IntegrityException>(await segment.WarmTextsAsync(_store));
        Assert.Equal((Rows + 4) / 4, Count(segment, standard, "text_match(text, 'fox')"));
    }

    [Fact]
    public async Task A_store_that_fails_costs_only_time()
    {
        var schema = Schema("");
        var manifest = await SealAsync(schema);
        var faulty = new FaultyObjectStore(_store);
        foreach (var operation in new[] { ObjectOperation.Put, ObjectOperation.Read })
        {
            var segment = await SealedSegment.LoadAsync(manifest, schema, faulty);
            faulty.FailCall(1, operation);
            Assert.IsType<IOException>(await segment.WarmTextsAsync(faulty));
            faulty.Heal();
            AssertAnswers(segment, schema);
        }
    }

    [Fact]
    public async Task Short_columns_leave_nothing()
    {
        var schema = Schema("");
        var manifest = await SealAsync(schema, rows: 100);
        var segment = await SealedSegment.LoadAsync(manifest, schema, _store);
        Assert.Null(await segment.WarmTextsAsync(_store));
        Assert.Empty(segment.ColdTexts());
        Assert.Null(await _store.GetLengthAsync(TermsOf(manifest, "")));
    }

    private void AssertAnswers(SealedSegment segment, CollectionSchema schema)
    {
        Assert.Equal(Rows / 4, Count(segment, schema, "text_match(text, 'fox')"));
        Assert.Equal(1, Count(segment, schema, "text_match(text, 'n77')"));
        Assert.Equal(Rows / 4, Count(segment, schema, "phrase_match(text, 'red fox')"));
    }

    private int Count(SealedSegment segment, CollectionSchema schema, string filter) =>
        (int)SegmentQuery.Count(segment, Filter.Compile(filter, schema), new ReadPoint(new Timestamp(100)), _scratch);

    private static string TermsOf(SegmentManifest manifest, string analyzer) => SegmentKeys.Terms(manifest.Columns.Single(c => c.FieldId == Text).ObjectKey, analyzer);

    private static CollectionSchema Schema(string analyzer) => new(
    [
        new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
        new FieldSchema
        {
            Id = Text, Name = "text", Type = DataType.VarChar, Nullable = true,
            TypeParams = [new("max_length", "999"), new("enable_analyzer", "true"), new("enable_match", "true"), .. analyzer.Length > 0 ? new Property[] { new("analyzer_params", analyzer) } : []],
        },
        new FieldSchema { Id = 102, Name = "vector", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
    ]);

    /// <summary>Every fourth row has a fox, every fourth one no text.</summary>
    private Task<SegmentManifest> SealAsync(CollectionSchema schema, long segmentId = 1, int rows = Rows)
    {
        var random = new Random(3);
        var texts = (BinaryColumnBuilder)ColumnBuilder.For(schema.Fields[1]);
        for (var i = 0; i < rows; i++)
        {
            if (i % 4 == 3) texts.AppendNull();
            else texts.Append($"{(i % 4 == 0 ? "A red Fox" : "Grey seals")} n{i} {random.NextInt64():x} {random.NextInt64():x}");
        }
        var growing = new GrowingSegment(9, 2, schema);
        growing.Append(
            new ColumnBatch(
                rows,
                [
                    new FieldColumn(100, new FixedColumn<long>(DataType.Int64, Enumerable.Range(0, rows).Select(i => (long)i).ToArray())),
                    new FieldColumn(Text, texts.Build()),
                    new FieldColumn(102, new VectorColumn(DataType.FloatVector, 2, new byte[rows * 8])),
                ]),
            new Timestamp(5));
        return SegmentWriter.SealAsync(growing, new SegmentPlace(segmentId, 50, 60, 0), Timestamp.Zero, _store);
    }
}
