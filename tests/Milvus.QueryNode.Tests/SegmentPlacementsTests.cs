using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Vectors;

namespace Milvus.QueryNode.Tests;

/// <summary>Who decides whether vectors stay in files, and what AUTOINDEX keeps in memory.</summary>
public sealed class SegmentPlacementsTests
{
    private const long Vector = 101;

    [Theory]
    [InlineData("AUTOINDEX", true)]
    [InlineData("HNSW_SQ", true)]
    [InlineData("IVF_RABITQ", true)]
    [InlineData("HNSW", false)]
    [InlineData("FLAT", false)]
    [InlineData(null, false)]
    public void Without_a_property_the_index_type_decides(string? indexType, bool isMapped) =>
        Assert.Equal(isMapped, Place(Collection(indexType)).IsMapped);

    [Theory]
    [InlineData(null, null, null, "always", true)]
    [InlineData(null, null, null, "never", false)]
    [InlineData("true", null, null, "never", true)]
    [InlineData("true", "false", null, "always", false)]
    [InlineData("false", "false", "true", "never", true)]
    [InlineData("true", "true", "False", "always", false)]
    [InlineData(null, "True", null, "never", true)]
    public void The_index_counts_before_the_field_before_the_collection_before_the_server(string? collection, string? field, string? index, string server, bool isMapped)
    {
        foreach (var type in (string[])["HNSW", "HNSW_SQ"])
        {
            var placed = Place(Collection(type, collection, field, index), server == "always" ? MappingMode.Always : MappingMode.Never);
            Assert.Equal((isMapped, isMapped), (placed.IsMapped, placed.IsIndexMapped));
        }
    }

    [Fact]
    public void Indexes_stay_in_files_only_when_somebody_says_so()
    {
        Assert.False(Place(Collection("HNSW_SQ")).IsIndexMapped);
        Assert.False(Place(Collection("MINHASH_LSH")).IsIndexMapped);
        Assert.True(Place(Collection("MINHASH_LSH", index: "false", parameter: "mh_lsh_code_in_mem")) is { IsMapped: true, IsIndexMapped: true });
        Assert.False(Place(Collection("MINHASH_LSH", index: "true", parameter: "mh_lsh_code_in_mem")).IsIndexMapped);
    }

    [Fact]
    public void A_mapped_index_is_not_counted()
    {
        var manifest = Manifest(100_000) with { Indexes = [new SegmentIndexFile(Vector, 7, SegmentIndexPlan.HnswBytes, "i", 90_000_000)] };
        long Estimate(string? mapped) => SealedSegment.EstimateMemory(
            manifest, Collection("HNSW_SQ", index: mapped).Schema, SegmentPlacements.Resolve(manifest, Collection("HNSW_SQ", index: mapped), PlacementOptions.Default, 4L << 30));
        Assert.Equal(OperatingSystem.IsWindows() ? 0 : 90_000_000, Estimate(null) - Estimate("true"));
    }

    [Fact]
    public void Few_vectors_are_held_in_memory()
    {
        Assert.False(Place(Collection("AUTOINDEX"), rows: 300).IsMapped);
        Assert.True(Place(Collection("AUTOINDEX", field: "true"), rows: 300).IsMapped);
    }

    [Fact]
    public void Autoindex_keeps_smaller_codes_when_memory_is_short()
    {
        Assert.Equal(GraphCodes.Signs, Place(Collection("AUTOINDEX"), available: 1L << 30).MostCodes);
        Assert.Equal(GraphCodes.Bytes, Place(Collection("AUTOINDEX"), available: 100 << 20).MostCodes);
        Assert.Equal(GraphCodes.Bytes, Place(Collection("HNSW"), available: 1L << 30).MostCodes);
    }

    [Fact]
    public void Mapped_vectors_are_not_counted_and_codes_are()
    {
        var manifest = Manifest(100_000) with { Indexes = [new SegmentIndexFile(Vector, 7, SegmentIndexPlan.Hnsw, "i", 15_000_000)] };
        long Estimate(string type, long available) => SealedSegmentReader.EstimateMemory(
            manifest, Collection(type), SegmentPlacements.Resolve(manifest, Collection(type), PlacementOptions.Default, available));
        Assert.InRange(Estimate("AUTOINDEX", 4L << 30), 4200L * 100_000, 4500L * 100_000);
        Assert.InRange(Estimate("AUTOINDEX", 1 << 20), 900L * 100_000, 960L * 100_000);
        Assert.InRange(Estimate("HNSW_SQ", 4L << 30), 900L * 100_000, 960L * 100_000);
        Assert.InRange(Estimate("HNSW", 4L << 30), 4000L * 100_000, 4100L * 100_000);
    }

    private static FieldPlacement Place(CollectionInfo collection, MappingMode mode = MappingMode.Auto, int rows = 100_000, long available = 8L << 30) =>
        SegmentPlacements.Resolve(Manifest(rows), collection, new PlacementOptions(mode), available).Of(Vector);

    private static SegmentManifest Manifest(int rows) => new()
    {
        SegmentId = 9,
        CollectionId = 3,
        PartitionId = 1,
        Shard = 0,
        RowCount = rows,
        MinTimestamp = default,
        MaxTimestamp = default,
        DeletesAppliedTo = default,
        Columns = [new SegmentColumnFile(100, "k", rows * 8L), new SegmentColumnFile(Vector, "v", rows * 3072L)],
    };

    private static CollectionInfo Collection(string? indexType, string? collection = null, string? field = null, string? index = null, string parameter = "mmap.enabled")
    {
        ImmutableArray<Property> dimension = [new Property("dim", "768")];
        return new CollectionInfo
        {
            Id = 3,
            DatabaseId = 1,
            DatabaseName = "default",
            Name = "c",
            Schema = new CollectionSchema(
            [
                new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
                new FieldSchema { Id = Vector, Name = "v", Type = DataType.FloatVector, TypeParams = field is null ? dimension : dimension.Add(new Property("mmap.enabled", field)) },
            ]),
            ShardCount = 1,
            CreatedAt = new Timestamp(1),
            SchemaUpdatedAt = new Timestamp(1),
            Properties = collection is null ? [] : [new Property("mmap.enabled", collection)],
            Indexes = indexType is null ? [] :
            [
                new IndexInfo
                {
                    Id = 7,
                    Name = "v",
                    FieldId = Vector,
                    FieldName = "v",
                    IndexType = indexType,
                    Metric = MetricType.L2,
                    BuildParams = index is null ? ImmutableSortedDictionary<string, string>.Empty : ImmutableSortedDictionary<string, string>.Empty.Add(parameter, index),
                },
            ],
        };
    }
}
