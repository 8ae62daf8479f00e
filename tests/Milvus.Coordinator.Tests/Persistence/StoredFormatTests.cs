using System.Collections.Immutable;
using System.Text;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Imports;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Snapshots;
using Milvus.Coordinator.Tests.Service;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Persistence;

/// <summary>Stores in the field hold these texts: this file only grows.</summary>
public class StoredFormatTests
{
    private static readonly Timestamp T = Timestamp.FromMs(1_700_000_000_000, 5);

    private static readonly CollectionInfo Collection = new()
    {
        Id = 7,
        DatabaseId = 1,
        DatabaseName = "default",
        Name = "c",
        Schema = new CollectionSchema(
        [
            Key with { Id = 100, AutoId = true, Description = "key" },
            Vector("v") with { Id = 101, Nullable = true },
            VarChar("s") with { Id = 102, IsPartitionKey = true, IsClusteringKey = true, Default = new Literal.Text("x") },
            Field("a", DataType.Array) with { Id = 103, ElementType = DataType.Bool, Default = new Literal.List([new Literal.Bool(true), new Literal.Int(-5), new Literal.Float(0.5)]) },
            Sparse("sp") with { Id = 104, IsFunctionOutput = true },
            Field("$meta", DataType.Json) with { Id = 105, IsDynamic = true },
        ],
        [new FunctionSchema { Id = 100, Name = "f", Description = "d", Type = FunctionType.BM25, InputFields = ["s"], OutputFields = ["sp"], Params = [new("k", "v")] }],
        [new StructFieldSchema { Id = 106, Name = "st", Description = "d", Nullable = true, Fields = [Vector("st[v]")], TypeParams = [new("max_capacity", "3")] }],
        "text", true, 3),
        ShardCount = 2,
        ConsistencyLevel = ConsistencyLevel.Session,
        Partitions = [new(8, "_default", T)],
        Indexes =
        [
            new()
            {
                Id = 9,
                Name = "i",
                FieldId = 101,
                FieldName = "v",
                IndexType = "HNSW",
                Metric = MetricType.L2,
                Params = [new("index_type", "HNSW")],
                BuildParams = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("M", "16"),
                CreatedAt = T,
                Version = 1,
            },
        ],
        Aliases = ["al"],
        Properties = [new("timezone", "UTC")],
        Load = new() { PartitionIds = [8], Replicas = 2, FieldIds = [100, 101], ResourceGroups = ["g"] },
        CreatedAt = T,
        SchemaUpdatedAt = new(T.Value + 1),
        TruncatedAt = new(T.Value + 2),
    };

    private static void Frozen<T>(string expected, T value, Func<T, byte[]> encode, Func<string, ReadOnlyMemory<byte>, T> decode)
    {
        Assert.Equal(expected, Encoding.UTF8.GetString(encode(value)));
        Assert.Equal(Shell.Dump(value), Shell.Dump(decode("key", Encoding.UTF8.GetBytes(expected))));
    }

    [Fact]
    public void An_import_job() => Frozen(
        $$"""{"v":1,"id":5,"database":"default","collection":"c","collectionId":7,"partition":"p","user":"u","files":[{"paths":["a","b"],"size":9,"total":8,"imported":7}],"options":[["k","v"]],"waits":true,"createdAt":{{T.Value}},"completedAt":{{T.Value + 1}},"state":4,"reason":"r"}""",
        new ImportJob
        {
            Id = 5,
            Database = "default",
            Collection = "c",
            CollectionId = 7,
            Partition = "p",
            User = "u",
            Files = [new ImportFile(["a", "b"], 9, 8, 7)],
            Options = [new("k", "v")],
            AutoCommit = false,
            CreatedAt = T,
            CompletedAt = new(T.Value + 1),
            State = ImportState.Completed,
            Reason = "r",
        },
        ImportCodec.Encode, ImportCodec.Decode);

    [Fact]
    public void A_snapshot() => Frozen(
        $$"""{"v":1,"id":5,"name":"s","description":"d","collection":"{{Convert.ToBase64String(CollectionCodec.Encode(Collection))}}","createdAt":{{T.Value}},"protection":3,"pins":[{"id":6},{"id":7,"expiresAt":8}]}""",
        new SnapshotInfo { Id = 5, Name = "s", Description = "d", Collection = Collection, CreatedAt = T, ProtectionSeconds = 3, Pins = [new(6, 0), new(7, 8)] },
        SnapshotCodec.Encode, SnapshotCodec.DecodeSnapshot);

    [Fact]
    public void A_restore_job() => Frozen(
        $$"""{"v":1,"id":5,"snapshot":"s","database":"default","collection":"c","startedAt":{{T.Value}},"endedAt":{{T.Value}}}""",
        new RestoreJob(5, "s", "default", "c", T, T), SnapshotCodec.Encode, SnapshotCodec.DecodeRestore);

    [Fact]
    public void A_file_resource() => Frozen("""{"v":1,"id":5,"name":"n","path":"p/q"}""", new FileResourceInfo(5, "n", "p/q"), AccessCodec.Encode, AccessCodec.DecodeFileResource);

    [Fact]
    public void A_collection() => Frozen(
        """{"v":1,"id":7,"databaseId":1,"database":"default","name":"c","schema":{"description":"text","dynamic":true,"version":3,"fields":["""
        + """{"id":100,"name":"id","description":"key","type":5,"pk":true,"autoId":true},{"id":101,"name":"v","type":101,"nullable":true,"params":[["dim","8"]]},"""
        + """{"id":102,"name":"s","type":21,"partitionKey":true,"clusteringKey":true,"default":{"text":"x"},"params":[["max_length","100"]]},"""
        + """{"id":103,"name":"a","type":22,"element":1,"default":{"list":[{"bool":true},{"int":-5},{"float":0.5}]}},"""
        + """{"id":104,"name":"sp","type":104,"functionOutput":true},{"id":105,"name":"$meta","type":23,"isDynamic":true}]"""
        + ""","functions":[{"id":100,"name":"f","description":"d","type":1,"inputs":["s"],"outputs":["sp"],"params":[["k","v"]]}]"""
        + ""","structs":[{"id":106,"name":"st","description":"d","nullable":true,"fields":[{"id":0,"name":"st[v]","type":101,"params":[["dim","8"]]}],"params":[["max_capacity","3"]]}]}"""
        + ""","shards":2,"consistency":1,"partitions":[{"id":8,"name":"_default","createdAt":445644800000000005}]"""
        + ""","indexes":[{"id":9,"name":"i","fieldId":101,"field":"v","type":"HNSW","metric":1,"params":[["index_type","HNSW"]],"build":[["M","16"]],"createdAt":445644800000000005,"version":1}]"""
        + ""","aliases":["al"],"properties":[["timezone","UTC"]],"load":{"replicas":2,"partitions":[8],"fields":[100,101],"groups":["g"]}"""
        + ""","createdAt":445644800000000005,"schemaUpdatedAt":445644800000000006,"truncatedAt":445644800000000007}""",
        Collection, CollectionCodec.Encode, CollectionCodec.DecodeCollection);

    [Fact]
    public void A_database() => Frozen(
        """{"v":1,"id":3,"name":"d","createdAt":445644800000000005,"properties":[["a","b"]]}""",
        new DatabaseInfo { Id = 3, Name = "d", CreatedAt = T, Properties = [new("a", "b")] }, CollectionCodec.Encode, CollectionCodec.DecodeDatabase);

    [Fact]
    public void A_user() => Frozen(
        """{"v":1,"name":"u","password":{"kdf":"pbkdf2-sha256","iterations":1,"salt":"AQIDBA==","hash":"c2FtcGxl"},"description":"d","roles":["r"],"createdAt":445644800000000005}""",
        new UserInfo { Name = "u", Password = new(1, "AQIDBA==", "c2FtcGxl"), Description = "d", Roles = ["r"], CreatedAt = T }, AccessCodec.Encode, AccessCodec.DecodeUser);

    [Fact]
    public void A_password_hash() =>
        // PBKDF2-HMAC-SHA256("password", "salt", 1, 32), a published test vector.
        Assert.Equal("120FB6CFFCF8B32C43E7225256C4F837A86548C92CCC35480805987CB70BE17B",
            Convert.ToHexString(Convert.FromBase64String(PasswordHasher.Hash("password", "salt"u8, 1).Hash)));

    [Fact]
    public void A_role() => Frozen(
        """{"v":1,"name":"r","description":"d","grants":[{"type":"Collection","object":"c","privilege":"Search","database":"default","grantor":"root"}],"createdAt":445644800000000005}""",
        new RoleInfo { Name = "r", Description = "d", CreatedAt = T, Grants = [new() { ObjectType = "Collection", ObjectName = "c", Privilege = "Search", Database = "default", Grantor = "root" }] },
        AccessCodec.Encode, AccessCodec.DecodeRole);

    [Fact]
    public void Groups()
    {
        Frozen("""{"v":1,"name":"g","privileges":["Query","Search"]}""", new PrivilegeGroupInfo { Name = "g", Privileges = ["Query", "Search"] }, AccessCodec.Encode, AccessCodec.DecodePrivilegeGroup);
        Frozen(
            """{"v":1,"name":"rg","requests":1,"limits":2,"transferFrom":["a"],"transferTo":["b"],"labels":[["zone","x"]]}""",
            new ResourceGroupInfo("rg", new() { RequestedNodes = 1, NodeLimit = 2, TransferFrom = ["a"], TransferTo = ["b"], NodeLabels = [new("zone", "x")] }), AccessCodec.Encode, AccessCodec.DecodeResourceGroup);
    }

    [Fact]
    public void A_segment_and_a_checkpoint()
    {
        Frozen(
            """{"v":1,"id":5,"collection":7,"partition":8,"shard":1,"rows":10,"minTs":1,"maxTs":2,"deletesTo":3,"columns":[{"field":100,"key":"k","bytes":4}]"""
            + ""","indexes":[{"field":101,"index":9,"kind":"HNSW","key":"x","bytes":6}],"from":[1,2]}""",
            new SegmentManifest
            {
                SegmentId = 5,
                CollectionId = 7,
                PartitionId = 8,
                Shard = 1,
                RowCount = 10,
                MinTimestamp = new(1),
                MaxTimestamp = new(2),
                DeletesAppliedTo = new(3),
                Columns = [new(100, "k", 4)],
                Indexes = [new(101, 9, "HNSW", "x", 6)],
                CompactedFrom = [1, 2],
            }, SegmentCodec.Encode, SegmentCodec.DecodeSegment);
        Frozen(
            """{"v":1,"collection":7,"shard":1,"sequence":42,"ts":9,"tombstones":[{"key":"t","minTs":1,"maxTs":2,"count":3,"bytes":4,"partition":8}],"sealed":[{"segment":5,"last":41}]}""",
            new ChannelCheckpoint { Shard = new(7, 1), LogSequence = 42, Timestamp = new(9), Tombstones = [new("t", new(1), new(2), 3, 4, 8)], Sealed = [new(5, 41)] },
            SegmentCodec.Encode, SegmentCodec.DecodeCheckpoint);
    }

    [Fact]
    public void Keys()
    {
        Assert.Equal(
            ["catalog/version", "catalog/database/1", "catalog/collection/7", "catalog/user/u", "catalog/role/r", "catalog/privilege-group/g", "catalog/resource-group/g", "segment/7/5", "channel/7/1", "oracle/bound"],
            [MetaLayout.Version, MetaLayout.Database(1), MetaLayout.Collection(7), MetaLayout.User("u"), MetaLayout.Role("r"), MetaLayout.PrivilegeGroup("g"), MetaLayout.ResourceGroup("g"), MetaLayout.Segment(7, 5), MetaLayout.Channel(new(7, 1)), MetaLayout.OracleBound]);
    }
}
