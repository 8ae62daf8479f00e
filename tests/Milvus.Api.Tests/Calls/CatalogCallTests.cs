using Google.Protobuf;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using ErrorCode = Milvus.Model.ErrorCode;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;
using WireField = Milvus.Protocol.Schema.FieldSchema;
using WireSchema = Milvus.Protocol.Schema.CollectionSchema;

namespace Milvus.Api.Tests.Calls;

public sealed class CatalogCallTests
{
    private static readonly DatabaseInfo Other = new() { Id = 2, Name = "other", CreatedAt = Timestamp.FromMs(2) };

    [Fact]
    public async Task Connect_gives_an_identifier_and_checks_the_database()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var connected = await server.CallAsync("Connect", new ConnectRequest(), ConnectResponse.Parser);
        Assert.Equal(0, connected.Status.Code);
        Assert.True(connected.Identifier > 0);
        Assert.Equal(("v3.0.0", "STANDALONE"), (connected.ServerInfo.BuildTags, connected.ServerInfo.DeployMode));

        var refused = await server.CallAsync("Connect", new ConnectRequest(), ConnectResponse.Parser, ("dbname", "nowhere"));
        Assert.Equal((800, "database not found[database=nowhere]"), (refused.Status.Code, refused.Status.Reason));
        Assert.NotEqual(LegacyCode.Success, refused.Status.ErrorCode);
    }

    [Fact]
    public async Task The_body_names_the_database_before_the_metadata_does()
    {
        await using var server = await MilvusTestServer.StartAsync(new DatabaseCreated(Other));
        server.Proxy.Answer = _ => new CommandResult(true, 0, Timestamp.Zero, server.Proxy.Catalog);

        await server.CallAsync("DropCollection", new DropCollectionRequest { CollectionName = "c", DbName = "other" }, Status.Parser, ("dbname", "x"));
        Assert.Equal(new DropCollection("other", "c"), server.Proxy.Last<DropCollection>());
        await server.CallAsync("DropCollection", new DropCollectionRequest { CollectionName = "c" }, Status.Parser, ("dbname", "x"));
        Assert.Equal(new DropCollection("x", "c"), server.Proxy.Last<DropCollection>());
        await server.CallAsync("DropCollection", new DropCollectionRequest { CollectionName = "c" }, Status.Parser, ("dbname", ""));
        Assert.Equal(new DropCollection("default", "c"), server.Proxy.Last<DropCollection>());
    }

    [Fact]
    public async Task Create_collection_passes_on_what_the_client_asked()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => new CommandResult(true, 9, Timestamp.Zero, server.Proxy.Catalog);
        var schema = new WireSchema { Fields = { new WireField { Name = "id", DataType = Protocol.Schema.DataType.Int64, IsPrimaryKey = true } } };
        var request = new CreateCollectionRequest
        {
            CollectionName = "c",
            Schema = schema.ToByteString(),
            ShardsNum = 3,
            NumPartitions = 4,
            ConsistencyLevel = Protocol.Common.ConsistencyLevel.Session,
            Properties = { new Protocol.Common.KeyValuePair { Key = "collection.ttl.seconds", Value = "9" } },
        };
        var status = await server.CallAsync("CreateCollection", request, Status.Parser);
        Assert.Equal(0, status.Code);
        var command = server.Proxy.Last<CreateCollection>();
        Assert.Equal(("default", "c", 3, 4L), (command.Database, command.Collection, command.Shards, command.Partitions));
        Assert.Equal(Model.ConsistencyLevel.Session, command.ConsistencyLevel);
        Assert.Equal("id", command.Schema.PrimaryKey.Name);
        Assert.Equal(new Property("collection.ttl.seconds", "9"), command.Properties[0]);

        status = await server.CallAsync("CreateCollection", new CreateCollectionRequest { Schema = ByteString.CopyFrom(255) }, Status.Parser);
        Assert.Equal((1100, LegacyCode.IllegalArgument), (status.Code, status.ErrorCode));
    }

    [Fact]
    public async Task Describe_collection_tells_everything_clients_cache()
    {
        await using var server = await MilvusTestServer.StartAsync();
        foreach (var request in new[]
                 {
                     new DescribeCollectionRequest { CollectionName = "books" },
                     new DescribeCollectionRequest { CollectionName = "library" },
                     new DescribeCollectionRequest { CollectionID = 440, DbName = "ignored" },
                 })
        {
            var answer = await server.CallAsync("DescribeCollection", request, DescribeCollectionResponse.Parser);
            Assert.Equal((0, "books", 440L), (answer.Status.Code, answer.CollectionName, answer.CollectionID));
            Assert.Equal(["id", "title", "v"], answer.Schema.Fields.Select(f => f.Name));
            Assert.Equal(Timestamp.FromMs(2000).Value, answer.UpdateTimestamp);
            Assert.Equal(answer.UpdateTimestamp.ToString(), answer.UpdateTimestampStr);
            Assert.Equal((1234ul, 2, 2L), (answer.CreatedUtcTimestamp, answer.ShardsNum, answer.NumPartitions));
            Assert.Equal(["library"], answer.Aliases);
            Assert.True(answer.Schema.EnableDynamicField);
        }
    }

    [Fact]
    public async Task A_missing_collection_is_told_as_each_call_has_it()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var described = await server.CallAsync(
            "DescribeCollection", new DescribeCollectionRequest { CollectionName = "gone" }, DescribeCollectionResponse.Parser);
        Assert.Equal((100, LegacyCode.CollectionNotExists), (described.Status.Code, described.Status.ErrorCode));
        Assert.Equal("can't find collection[database=default][collection=gone]", described.Status.Reason);

        var has = await server.CallAsync("HasCollection", new HasCollectionRequest { CollectionName = "gone" }, BoolResponse.Parser);
        Assert.Equal((0, false), (has.Status.Code, has.Value));
        var state = await server.CallAsync("GetLoadState", new GetLoadStateRequest { CollectionName = "gone" }, GetLoadStateResponse.Parser);
        Assert.Equal((0, LoadState.NotExist), (state.Status.Code, state.State));
        var progress = await server.CallAsync(
            "GetLoadingProgress", new GetLoadingProgressRequest { CollectionName = "gone" }, GetLoadingProgressResponse.Parser);
        Assert.Equal(100, progress.Status.Code);
        var index = await server.CallAsync(
            "DescribeIndex", new DescribeIndexRequest { CollectionName = "books", IndexName = "no" }, DescribeIndexResponse.Parser);
        Assert.Equal((700, LegacyCode.IndexNotExist, "index not found[indexName=no]"), (index.Status.Code, index.Status.ErrorCode, index.Status.Reason));
        var partition = await server.CallAsync(
            "GetPartitionStatistics", new GetPartitionStatisticsRequest { CollectionName = "books", PartitionName = "p" },
            GetPartitionStatisticsResponse.Parser);
        Assert.Equal((200, "partition not found[partition=p]"), (partition.Status.Code, partition.Status.Reason));
    }

    [Fact]
    public async Task Names_that_cannot_be_are_told_before_collections_that_are_not_there()
    {
        await using var server = await MilvusTestServer.StartAsync();
        async Task<(int, string)> HasAsync(string collection, string name)
        {
            var answer = await server.CallAsync("HasPartition", new HasPartitionRequest { CollectionName = collection, PartitionName = name }, BoolResponse.Parser);
            return (answer.Status.Code, answer.Status.Reason.Split('.')[0]);
        }
        Assert.Equal((1100, "Invalid partition name: nam(e)"), await HasAsync("gone", "nam(e)"));
        Assert.Equal((1100, "Invalid collection name: g-one"), await HasAsync("g-one", "nam(e)"));
        Assert.Equal(100, (await HasAsync("gone", "name")).Item1);

        var index = await server.CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = "n-ame" }, DescribeIndexResponse.Parser);
        Assert.Equal(1100, index.Status.Code);
        Assert.StartsWith("Invalid collection name: n-ame", index.Status.Reason, StringComparison.Ordinal);
        var state = await server.CallAsync("GetIndexState", new GetIndexStateRequest { CollectionName = "" }, GetIndexStateResponse.Parser);
        Assert.Equal(1100, state.Status.Code);
        var progress = await server.CallAsync("GetIndexBuildProgress", new GetIndexBuildProgressRequest { CollectionName = "gone" }, GetIndexBuildProgressResponse.Parser);
        Assert.Equal(100, progress.Status.Code);
    }

    [Fact]
    public async Task Lists_have_an_entry_per_collection_in_every_array()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var shown = await server.CallAsync("ShowCollections", new ShowCollectionsRequest(), ShowCollectionsResponse.Parser);
        Assert.Equal(["books"], shown.CollectionNames);
        int[] lengths =
        [
            shown.CollectionIds.Count, shown.CreatedTimestamps.Count, shown.CreatedUtcTimestamps.Count, shown.InMemoryPercentages.Count,
            shown.QueryServiceAvailable.Count, shown.ShardsNum.Count,
        ];
        Assert.All(lengths, length => Assert.Equal(1, length));

        var partitions = await server.CallAsync("ShowPartitions", new ShowPartitionsRequest { CollectionName = "books" }, ShowPartitionsResponse.Parser);
        Assert.Equal(["_default", "old"], partitions.PartitionNames);
        Assert.Equal([441L, 442L], partitions.PartitionIDs);
        Assert.Equal(2, partitions.InMemoryPercentages.Count);
    }

    [Fact]
    public async Task Who_waits_for_a_load_finds_the_name_that_was_asked_for()
    {
        var resting = MilvusTestServer.Books with { Id = 470, Name = "resting", Aliases = [], Load = null };
        await using var server = await MilvusTestServer.StartAsync(new CollectionCreated(resting));

        // Clients of Java wait so, by whatever name the collection was loaded.
        var loading = new ShowCollectionsRequest { Type = ShowType.InMemory, CollectionNames = { "library" } };
        var shown = await server.CallAsync("ShowCollections", loading, ShowCollectionsResponse.Parser);
        Assert.Equal((0, "library", 100L), (shown.Status.Code, Assert.Single(shown.CollectionNames), shown.InMemoryPercentages[0]));

        var all = await server.CallAsync("ShowCollections", new ShowCollectionsRequest { Type = ShowType.InMemory }, ShowCollectionsResponse.Parser);
        Assert.Equal((0, "books"), (all.Status.Code, Assert.Single(all.CollectionNames)));
        var refused = await server.CallAsync(
            "ShowCollections", new ShowCollectionsRequest { Type = ShowType.InMemory, CollectionNames = { "resting" } }, ShowCollectionsResponse.Parser);
        Assert.Equal((101, "collection not loaded[collection=470]"), (refused.Status.Code, refused.Status.Reason));
    }

    [Fact]
    public async Task A_load_that_cannot_go_on_says_why()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Maintenance.Load = new LoadProgress(
            LoadPhase.Failed, 40, new MilvusException(ErrorCode.SegmentLoadFailed, "segment load failed[segment=7]: column.bin is damaged"));
        var state = await server.CallAsync("GetLoadState", new GetLoadStateRequest { CollectionName = "books" }, GetLoadStateResponse.Parser);
        Assert.Equal((604, LoadState.NotLoad), (state.Status.Code, state.State));
        Assert.Contains("column.bin is damaged", state.Status.Reason);
        var progress = await server.CallAsync(
            "GetLoadingProgress", new GetLoadingProgressRequest { CollectionName = "books" }, GetLoadingProgressResponse.Parser);
        Assert.Equal(604, progress.Status.Code);
    }

    [Fact]
    public async Task An_index_tells_its_progress_and_parameters()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Maintenance.Index = new IndexProgress(BuildPhase.InProgress, 100, 60);
        var answer = await server.CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = "books" }, DescribeIndexResponse.Parser);
        var index = Assert.Single(answer.IndexDescriptions);
        Assert.Equal((60L, 100L, 40L, IndexState.InProgress), (index.IndexedRows, index.TotalRows, index.PendingIndexRows, index.State));
        Assert.Equal(["index_type=HNSW", "metric_type=L2"], index.Params.Select(p => $"{p.Key}={p.Value}"));
    }

    [Fact]
    public async Task All_indexes_are_described_whatever_field_is_named_but_one_only_has_a_state()
    {
        var title = new IndexInfo { Id = 481, Name = "by_title", FieldId = 101, FieldName = "title", IndexType = "INVERTED", Params = [new("index_type", "INVERTED")] };
        var shelved = MilvusTestServer.Books with { Id = 480, Name = "shelved", Aliases = [], Indexes = [MilvusTestServer.Books.Indexes[0], title] };
        await using var server = await MilvusTestServer.StartAsync(new CollectionCreated(shelved));
        var described = await server.CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = "shelved", FieldName = "title" }, DescribeIndexResponse.Parser);
        Assert.Equal(["v", "by_title"], described.IndexDescriptions.Select(i => i.IndexName));
        described = await server.CallAsync("DescribeIndex", new DescribeIndexRequest { CollectionName = "shelved", FieldName = "v", IndexName = "by_title" }, DescribeIndexResponse.Parser);
        Assert.Equal(["title"], described.IndexDescriptions.Select(i => i.FieldName));

        server.Proxy.Maintenance.Index = new IndexProgress(BuildPhase.InProgress, 100, 60);
        var state = await server.CallAsync("GetIndexState", new GetIndexStateRequest { CollectionName = "shelved" }, GetIndexStateResponse.Parser);
        Assert.Equal((702, "index duplicates[indexName=]"), (state.Status.Code, state.Status.Reason));
        state = await server.CallAsync("GetIndexState", new GetIndexStateRequest { CollectionName = "shelved", FieldName = "title" }, GetIndexStateResponse.Parser);
        Assert.Equal((0, IndexState.InProgress), (state.Status.Code, state.State));
        var progress = await server.CallAsync("GetIndexBuildProgress", new GetIndexBuildProgressRequest { CollectionName = "shelved" }, GetIndexBuildProgressResponse.Parser);
        Assert.Equal(702, progress.Status.Code);
        progress = await server.CallAsync(
            "GetIndexBuildProgress", new GetIndexBuildProgressRequest { CollectionName = "shelved", IndexName = "by_title" }, GetIndexBuildProgressResponse.Parser);
        Assert.Equal((60L, 100L), (progress.IndexedRows, progress.TotalRows));
    }

    [Fact]
    public async Task Commands_that_fail_carry_the_code_and_text_of_the_engine()
    {
        await using var server = await MilvusTestServer.StartAsync();
        server.Proxy.Answer = _ => throw MilvusException.InvalidParameter("shards num should be in [1, 16]");
        var status = await server.CallAsync("CreatePartition", new CreatePartitionRequest { CollectionName = "books" }, Status.Parser);
        Assert.Equal((1100, "shards num should be in [1, 16]: invalid parameter"), (status.Code, status.Reason));
        Assert.Equal("true", status.ExtraInfo["is_input_error"]);

        server.Proxy.Answer = _ => throw new NullReferenceException("oops");
        status = await server.CallAsync("CreatePartition", new CreatePartitionRequest { CollectionName = "books" }, Status.Parser);
        Assert.Equal(65535, status.Code);
        Assert.Contains("oops", status.Reason);

        server.Proxy.Answer = _ => throw MilvusException.InvalidParameter("user already exists: bob");
        status = await server.CallAsync("CreateCredential", new CreateCredentialRequest { Username = "bob", Password = "cGFzc3dvcmQ=" }, Status.Parser);
        Assert.Equal((1100, LegacyCode.CreateCredentialFailure), (status.Code, status.ErrorCode));
        Assert.Equal("password", server.Proxy.Last<CreateUser>().Password);
    }

    [Fact]
    public async Task Maintenance_is_told_in_the_terms_of_the_contract()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var proxy = server.Proxy;
        proxy.Answer = _ => new FlushOutcome([1, 2], [2], Timestamp.FromMs(5000));
        var flush = await server.CallAsync("Flush", new FlushRequest { CollectionNames = { "books" } }, FlushResponse.Parser);
        Assert.Equal([1L, 2L], flush.CollSegIDs["books"].Data);
        Assert.Equal([2L], flush.FlushCollSegIDs["books"].Data);
        Assert.Equal((5L, Timestamp.FromMs(5000).Value), (flush.CollSealTimes["books"], flush.CollFlushTs["books"]));

        proxy.Maintenance.Flushed = false;
        var state = await server.CallAsync("GetFlushState", new GetFlushStateRequest { SegmentIDs = { 1 }, FlushTs = 1, CollectionName = "books" }, GetFlushStateResponse.Parser);
        Assert.False(state.Flushed);

        proxy.Maintenance.Compaction = new CompactionProgress(false, 1, 2, 0, [new CompactionPlanResult([1, 2], 3)]);
        var small = await server.CallAsync("ManualCompaction", new ManualCompactionRequest { CollectionName = "books", TargetSize = 512 }, ManualCompactionResponse.Parser);
        Assert.Equal((1100, "targetSize 512 MB should be greater than or equal to configMaxSize 1024 MB: invalid parameter"), (small.Status.Code, small.Status.Reason));
        var compaction = await server.CallAsync("ManualCompaction", new ManualCompactionRequest { CollectionName = "books" }, ManualCompactionResponse.Parser);
        Assert.Equal((77L, 3), (compaction.CompactionID, compaction.CompactionPlanCount));
        Assert.False(proxy.Maintenance.CompactedByKey);
        await server.CallAsync("ManualCompaction", new ManualCompactionRequest { CollectionName = "books", MajorCompaction = true }, ManualCompactionResponse.Parser);
        Assert.True(proxy.Maintenance.CompactedByKey);
        var plans = await server.CallAsync("GetCompactionStateWithPlans", new GetCompactionPlansRequest { CompactionID = 77 }, GetCompactionPlansResponse.Parser);
        Assert.Equal((CompactionState.Executing, 3L), (plans.State, plans.MergeInfos[0].Target));

        proxy.Maintenance.Segments =
        [
            new SegmentStatus(1, 440, 441, 0, 50, SegmentPhase.Growing, true, 1000, [], []),
            new SegmentStatus(2, 440, 441, 0, 70, SegmentPhase.Flushed, true, 2000, ["v"], [450]),
        ];
        var stored = await server.CallAsync(
            "GetPersistentSegmentInfo", new GetPersistentSegmentInfoRequest { CollectionName = "books" }, GetPersistentSegmentInfoResponse.Parser);
        Assert.Equal((2L, SegmentState.Flushed), (Assert.Single(stored.Infos).SegmentID, stored.Infos[0].State));
        var loaded = await server.CallAsync(
            "GetQuerySegmentInfo", new GetQuerySegmentInfoRequest { CollectionName = "books" }, GetQuerySegmentInfoResponse.Parser);
        Assert.Equal([SegmentState.Growing, SegmentState.Sealed], loaded.Infos.Select(i => i.State));
        Assert.Equal(("v", 450L), (loaded.Infos[1].IndexName, loaded.Infos[1].IndexID));

        var rows = await server.CallAsync(
            "GetCollectionStatistics", new GetCollectionStatisticsRequest { CollectionName = "books" }, GetCollectionStatisticsResponse.Parser);
        Assert.Equal(("row_count", "10"), (rows.Stats[0].Key, rows.Stats[0].Value));
    }
}
