using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments.Tests.Reading;
using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>A segment whose index stays in its file answers as one with the index in memory.</summary>
public sealed class MappedIndexesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SegmentScratch _scratch = new();

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.Cosine, SegmentIndexPlan.Hnsw, true)]
    [InlineData(DataType.FloatVector, MetricType.L2, SegmentIndexPlan.Ivf, true)]
    [InlineData(DataType.FloatVector, MetricType.IP, SegmentIndexPlan.Hnsw, false)]
    [InlineData(DataType.BinaryVector, MetricType.Hamming, SegmentIndexPlan.Ivf, false)]
    [InlineData(DataType.SparseFloatVector, MetricType.IP, SegmentIndexPlan.SparseInverted, true)]
    public async Task Built_or_loaded_it_answers_the_same_and_its_file_may_go(DataType type, MetricType metric, string kind, bool isLocal)
    {
        if (OperatingSystem.IsWindows()) return;
        var fixture = new VectorFixture(type, 24, seed: 5).Fill(2600, nulls: type == DataType.SparseFloatVector);
        var manifest = (await fixture.SealAsync()).Manifest;
        IObjectStore store = isLocal ? new LocalObjectStore(_directory.Combine("objects")) : fixture.Store;
        if (isLocal)
        {
            await foreach (var o in fixture.Store.ListAsync(""))
            {
                await using var source = await fixture.Store.OpenReadAsync(o.Key);
                await store.PutAsync(o.Key, (stream, token) => source.CopyToAsync(stream, token));
            }
        }
        var plan = new SegmentIndexPlan(VectorFixture.Vector, 9, kind, metric)
        {
            HnswParameters = new HnswParameters { M = 16, EfConstruction = 60, Codes = GraphCodes.Bytes },
            IvfParameters = new IvfParameters { Lists = 8, Coding = type == DataType.FloatVector ? IvfCoding.Scalar : IvfCoding.Raw, Bits = 8 },
        };
        var memory = await IndexWriter.BuildAsync(await SealedSegment.LoadAsync(manifest, fixture.Schema, store), plan, store);
        var built = await IndexWriter.BuildAsync(await SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement()), plan, store);
        var loaded = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, store, Placement());
        var file = memory.Manifest.Indexes.Single();
        var bytes = file.Bytes;
        Assert.Equal(bytes, SealedSegment.EstimateMemory(loaded.Manifest, fixture.Schema) - SealedSegment.EstimateMemory(loaded.Manifest, fixture.Schema, Placement()));
        Assert.True(memory.MemoryBytes - loaded.MemoryBytes > bytes / 2);
        Assert.Equal((memory.MemoryBytes, loaded.MemoryBytes + bytes), (memory.HeldBytes, loaded.HeldBytes));
        await store.DeleteAsync(file.ObjectKey);
        foreach (var segment in (SealedSegment[])[built, loaded])
        {
            var index = segment.Indexes.Single();
            Assert.True(index.Dense?.IsMapped ?? index.Sparse!.IsMapped);
            for (var round = 0; round < 8; round++)
            {
                var request = fixture.Request(metric, 1 + fixture.Random.Next(30), fixture.RandomVector()) with { Ef = 60, Nprobe = 4 };
                var expected = SegmentSearcher.Search(memory, request, _scratch)[0];
                var found = SegmentSearcher.Search(segment, request, _scratch)[0];
                Assert.Equal(expected.Rows, found.Rows);
                Assert.Equal(expected.Scores, found.Scores);
            }
        }
    }

    [Fact]
    public async Task Damage_is_found_at_loading()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 7).Fill(1500, nulls: false);
        var store = new LocalObjectStore(_directory.Combine("objects"));
        var sealedManifest = (await fixture.SealAsync()).Manifest;
        await foreach (var o in fixture.Store.ListAsync(""))
        {
            await using var source = await fixture.Store.OpenReadAsync(o.Key);
            await store.PutAsync(o.Key, (stream, token) => source.CopyToAsync(stream, token));
        }
        var plan = new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.Hnsw, MetricType.L2) { HnswParameters = new HnswParameters { M = 8, EfConstruction = 40 } };
        var manifest = (await IndexWriter.BuildAsync(await SealedSegment.LoadAsync(sealedManifest, fixture.Schema, store), plan, store)).Manifest;
        var path = store.TryGetLocalPath(manifest.Indexes.Single().ObjectKey)!;
        var sound = await File.ReadAllBytesAsync(path);
        foreach (var position in (int[])[30, 90, 8000, sound.Length - 1])
        {
            byte[] damaged = [.. sound];
            damaged[position] ^= 1;
            await File.WriteAllBytesAsync(path, damaged);
            await Assert.ThrowsAsync<IntegrityException>(() => SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement()));
        }
        File.Delete(path);
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement()));
    }

    public void Dispose() => _directory.Dispose();

    private SegmentPlacement Placement() => new()
    {
        Fields = ImmutableDictionary<long, FieldPlacement>.Empty.Add(VectorFixture.Vector, new FieldPlacement(IsMapped: false, GraphCodes.Bytes) { IsIndexMapped = true }),
        CopyDirectory = _directory.Combine("copies"),
    };
}
