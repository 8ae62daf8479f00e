using Milvus.Expressions;
using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.Segments.Tests.Reading;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>Scalar indexes of sealed segments: built, stored, loaded, used, dropped, and noticed when damaged.</summary>
public class ScalarIndexTests
{
    private readonly SegmentScratch _scratch = new();

    private static SegmentIndexPlan Plan(long field, long index, ScalarIndexKind kind) => SegmentIndexPlan.Of(field, index, new ScalarIndexSpec(kind));

    [Fact]
    public async Task A_stored_index_answers_the_same_and_says_so()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 4, seed: 6).Fill(20_000, nulls: false);
        var plain = await fixture.SealAsync();
        var built = await IndexWriter.BuildAsync(plain, Plan(VectorFixture.Group, 7, ScalarIndexKind.Inverted), fixture.Store);
        var file = Assert.Single(built.Manifest.Indexes);
        Assert.Equal(("INVERTED", 7L), (file.Kind, file.IndexId));
        var loaded = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
        loaded.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        Assert.True(loaded.MemoryBytes > plain.MemoryBytes);

        foreach (var text in (string[])["group == 3", "not (group == 3)", "group in [1, 2] and key > 100", "group > 37 or key < 5", "group is null"])
        {
            var filter = Filter.Compile(text, fixture.Schema);
            foreach (var at in (Timestamp[])[fixture.Now, new(100 + (fixture.Now.Value / 3))])
            {
                var point = new ReadPoint(at);
                var expected = SegmentQuery.Execute(plain, filter, point, _scratch);
                Assert.Equal(expected, SegmentQuery.Execute(loaded, filter, point, _scratch));
                Assert.Equal(expected, SegmentQuery.Execute(built, filter, point, _scratch));
            }
        }
        var explained = SegmentExplainer.Query(loaded, Filter.Compile("group == 3", fixture.Schema), new ReadPoint(fixture.Now), _scratch, TimeProvider.System);
        Assert.Equal("indexes", explained.FilterPlan);
        var test = Assert.Single(explained.Tests);
        Assert.Equal((7L, "INVERTED", true, "group == 3"), (test.IndexId, test.IndexKind, test.IsExact, test.Test));
        Assert.Equal(explained.RowsPassing, SegmentQuery.Count(plain, Filter.Compile("group == 3", fixture.Schema), new ReadPoint(fixture.Now), _scratch));
        Assert.True(explained.RowsPassing < explained.RowsVisible && explained.RowsVisible < explained.RowCount);

        var without = loaded.WithoutIndex(file);
        Assert.Empty(without.Manifest.Indexes);
        Assert.Equal("columns", SegmentExplainer.Query(without, Filter.Compile("group == 3", fixture.Schema), new ReadPoint(fixture.Now), _scratch, TimeProvider.System).FilterPlan);
    }

    [Fact]
    public async Task Explains_what_needs_no_column()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 4, seed: 6).Fill(9_000);
        var segment = await fixture.SealAsync();
        SegmentExplain Explain(string text) => SegmentExplainer.Query(segment, Filter.Compile(text, fixture.Schema), new ReadPoint(fixture.Now), _scratch, TimeProvider.System);
        Assert.Equal("none", Explain("").FilterPlan);
        Assert.Equal("never true", Explain("false").FilterPlan);
        Assert.Equal("primary key lookup", Explain("key in [3, 4]").FilterPlan);
        var pruned = Explain("key < 8192 and group < 1000");
        Assert.Equal("columns", pruned.FilterPlan);
        Assert.Equal((2, 1), (pruned.Blocks, pruned.BlocksPruned));
        Assert.Equal(9_000 - 8_192, pruned.RowsPruned);
        Assert.Equal("statistics", Explain("group > 1000").FilterPlan);
    }

    [Fact]
    public async Task Explains_how_vectors_are_ranked()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 8).Fill(3_000, nulls: false);
        var plain = await fixture.SealAsync();
        var indexed = await IndexWriter.BuildAsync(plain, new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.Hnsw, MetricType.L2), fixture.Store);
        SegmentExplain Explain(Segment segment, string filter) => SegmentExplainer.Search(
            segment, fixture.Request(MetricType.L2, 5, fixture.RandomVector()) with { Filter = Filter.Compile(filter, fixture.Schema), At = new ReadPoint(fixture.Now) }, _scratch, TimeProvider.System);
        Assert.Equal(("brute force", "no index on the field"), (Explain(plain, "").SearchPlan, Explain(plain, "").SearchReason));
        Assert.Equal("index", Explain(indexed, "").SearchPlan);
        var narrow = Explain(indexed, "key in [1, 2, 3]");
        Assert.Equal("brute force", narrow.SearchPlan);
        Assert.Contains("passing rows", narrow.SearchReason);
        Assert.NotEqual("", narrow.VectorIndex);
        Assert.Equal(("none", 0), (Explain(indexed, "key < 0").SearchPlan, Explain(indexed, "key < 0").Hits));
    }

    [Fact]
    public async Task A_damaged_index_is_named()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 4, seed: 6).Fill(500);
        var built = await IndexWriter.BuildAsync(await fixture.SealAsync(), Plan(VectorFixture.Group, 7, ScalarIndexKind.Bitmap), fixture.Store);
        var file = built.Manifest.Indexes[0];
        var copy = new MemoryStream();
        await using (var stored = await fixture.Store.OpenReadAsync(file.ObjectKey)) await stored.CopyToAsync(copy);
        var bytes = copy.ToArray();
        bytes[bytes.Length / 2] ^= 8;
        await fixture.Store.PutAsync(file.ObjectKey, bytes);
        var error = await Assert.ThrowsAsync<IntegrityException>(() => SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store));
        Assert.Equal(file.ObjectKey, error.DamagedSource);
    }

    [Fact]
    public void Indexes_of_one_JSON_field_live_beside_each_other()
    {
        SegmentIndexFile File(long index, string kind) => new(105, index, kind, "k" + index, 1);
        var manifest = new SegmentManifest { SegmentId = 1, CollectionId = 1, PartitionId = 1, Shard = 0, RowCount = 1, MinTimestamp = default, MaxTimestamp = default, DeletesAppliedTo = default }
            .WithIndex(File(1, "INVERTED")).WithIndex(File(2, "NGRAM")).WithIndex(File(1, "BITMAP"));
        Assert.Equal([2L, 1L], manifest.Indexes.Select(i => i.IndexId));
        Assert.Equal([3L], manifest.WithIndex(File(3, "HNSW")).Indexes.Select(i => i.IndexId));
    }
}
