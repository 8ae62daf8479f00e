using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Tests.Grpc;
using Milvus.Coordinator.Commands;
using Milvus.Embedded;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using Milvus.TestKit.Disk;

namespace Milvus.Api.Tests.Rest;

/// <summary>Snapshots of collections and what is made of them.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class SnapshotTests(RestServer server)
{
    [Fact]
    public async Task A_restored_collection_is_as_it_was_when_the_snapshot_was_taken()
    {
        await CreateAsync("sn_source");
        await InsertAsync("sn_source", 0, 300);
        await server.DataAsync("entities/delete", new { collectionName = "sn_source", filter = "id < 50" });
        await server.DataAsync("snapshots/create", new { collectionName = "sn_source", snapshotName = "s1", description = "before" });
        await InsertAsync("sn_source", 1000, 40);
        await server.DataAsync("entities/delete", new { collectionName = "sn_source", filter = "id < 100" });
        var described = await server.DataAsync("snapshots/describe", new { collectionName = "sn_source", snapshotName = "s1" });
        Assert.Equal(("before", "sn_source"), (described.GetProperty("description").GetString(), described.GetProperty("collectionName").GetString()));
        Assert.Contains("part", described.GetProperty("partitionNames").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(["s1"], (await server.DataAsync("snapshots/list", new { collectionName = "sn_source" })).EnumerateArray().Select(n => n.GetString()));

        var job = (await server.DataAsync("snapshots/restore", new { collectionName = "sn_source", snapshotName = "s1", targetCollectionName = "sn_target" })).GetProperty("jobId").GetInt64();
        Assert.Equal("RestoreSnapshotCompleted", (await server.DataAsync("jobs/snapshot/describe", new { jobId = $"{job}" })).GetProperty("state").GetString());
        Assert.Single((await server.DataAsync("jobs/snapshot/list", new { collectionName = "sn_target" })).GetProperty("records").EnumerateArray());
        await server.DataAsync("aliases/create", new { collectionName = "sn_target", aliasName = "sn_target_alias" });
        Assert.Single((await server.DataAsync("jobs/snapshot/list", new { collectionName = "sn_target_alias" })).GetProperty("records").EnumerateArray());
        await server.DataAsync("collections/load", new { collectionName = "sn_target" });
        Assert.Equal(250, await CountAsync("sn_target"));
        Assert.Equal(240, await CountAsync("sn_source"));
        // It is a collection of its own: it takes writes, and partitions kept their names and rows.
        await InsertAsync("sn_target", 5000, 10);
        await server.DataAsync("entities/delete", new { collectionName = "sn_target", filter = "id == 60" });
        Assert.Equal(259, await CountAsync("sn_target"));
        Assert.Equal(240, await CountAsync("sn_source"));
        var hit = (await server.DataAsync("entities/search", """{"collectionName":"sn_target","data":[[123,1]],"limit":1,"consistencyLevel":"Strong","searchParams":{"metricType":"L2"}}"""))[0];
        Assert.Equal("123", hit.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Rows_that_were_truncated_away_are_not_restored()
    {
        await CreateAsync("sn_cut");
        await InsertAsync("sn_cut", 0, 30);
        await server.DataAsync("collections/truncate", new { collectionName = "sn_cut" });
        // Into the segments that still hold the rows of before.
        await InsertAsync("sn_cut", 1000, 7);
        await server.DataAsync("snapshots/create", new { collectionName = "sn_cut", snapshotName = "s" });
        await server.DataAsync("snapshots/restore", new { collectionName = "sn_cut", snapshotName = "s", targetCollectionName = "sn_cut_target" });
        await server.DataAsync("collections/load", new { collectionName = "sn_cut_target" });
        Assert.Equal((7, 7), (await CountAsync("sn_cut"), await CountAsync("sn_cut_target")));
    }

    [Fact]
    public async Task Objects_of_a_snapshot_outlive_compaction_and_the_collection()
    {
        await CreateAsync("sn_kept");
        for (var i = 0; i < 3; i++)
        {
            await InsertAsync("sn_kept", i * 100, 100);
            await server.DataAsync("collections/flush", new { collectionName = "sn_kept" });
        }
        await server.DataAsync("entities/delete", new { collectionName = "sn_kept", filter = "id < 10" });
        await server.DataAsync("snapshots/create", new { collectionName = "sn_kept", snapshotName = "s" });
        var id = (await server.DataAsync("collections/compact", new { collectionName = "sn_kept" })).GetProperty("compactionID").GetInt64();
        await server.UntilAsync("collections/get_compaction_state", new { jobID = id }, "state", "Completed");
        await server.DataAsync("collections/drop", new { collectionName = "sn_kept" });
        // Snapshots of a dropped collection are found by the name that it had, and can be restored under it.
        await server.DataAsync("snapshots/restore", new { collectionName = "sn_kept", snapshotName = "s", targetCollectionName = "sn_kept" });
        await server.DataAsync("collections/load", new { collectionName = "sn_kept" });
        Assert.Equal(290, await CountAsync("sn_kept"));
    }

    [Fact]
    public async Task Requests_that_cannot_be_are_refused_and_pins_keep_snapshots()
    {
        await CreateAsync("sn_refused");
        var taken = (await server.Grpc.CallAsync(TestServer.Path("CreateSnapshot"), new CreateSnapshotRequest { Name = "a", CollectionName = "sn_refused" })).Single(Status.Parser);
        Assert.Equal(0, taken.Code);
        Assert.Contains("already exists", await server.RefusedAsync(1100, "snapshots/create", new { collectionName = "sn_refused", snapshotName = "a" }));
        Assert.Contains("snapshot name can only contain", await server.RefusedAsync(1100, "snapshots/create", new { collectionName = "sn_refused", snapshotName = "a-b" }));
        Assert.Contains("snapshot name should be not empty", await server.RefusedAsync(1100, "snapshots/create", new { collectionName = "sn_refused", snapshotName = "  " }));
        Assert.Contains("snapshot name should be not empty", await server.RefusedAsync(1100, "snapshots/drop", new { collectionName = "sn_refused", snapshotName = " " }));
        await server.DataAsync("snapshots/drop", new { collectionName = "sn_refused", snapshotName = "never" });
        Assert.Contains("collection not found", await server.RefusedAsync(100, "snapshots/drop", new { collectionName = "sn_never", snapshotName = "never" }));
        Assert.Contains("snapshot not found", await server.RefusedAsync(2600, "snapshots/describe", new { collectionName = "sn_refused", snapshotName = "b" }));
        Assert.Contains("duplicate collection", await server.RefusedAsync(1100, "snapshots/restore", new { collectionName = "sn_refused", snapshotName = "a", targetCollectionName = "sn_refused" }));
        await server.DataAsync("aliases/create", new { collectionName = "sn_refused", aliasName = "sn_alias" });
        Assert.Contains("alias and collection name conflict", await server.RefusedAsync(1601, "snapshots/restore", new { collectionName = "sn_refused", snapshotName = "a", targetCollectionName = "sn_alias" }));
        Assert.Contains("restore job not found", await server.RefusedAsync(1100, "jobs/snapshot/describe", new { jobId = "1" }));
        var pin = (await server.Grpc.CallAsync(TestServer.Path("PinSnapshotData"), new PinSnapshotDataRequest { Name = "a", CollectionName = "sn_refused" })).Single(PinSnapshotDataResponse.Parser);
        Assert.Contains("pinned", await server.RefusedAsync(2601, "snapshots/drop", new { collectionName = "sn_refused", snapshotName = "a" }));
        Assert.Equal(0, (await server.Grpc.CallAsync(TestServer.Path("UnpinSnapshotData"), new UnpinSnapshotDataRequest { PinId = pin.PinId })).Single(Status.Parser).Code);
        var listed = (await server.Grpc.CallAsync(TestServer.Path("ListSnapshots"), new ListSnapshotsRequest { CollectionName = "sn_refused" })).Single(ListSnapshotsResponse.Parser);
        Assert.Equal(["a"], listed.Snapshots);
        await server.DataAsync("snapshots/drop", new { collectionName = "sn_refused", snapshotName = "a" });
        Assert.Empty((await server.DataAsync("snapshots/list", new { collectionName = "sn_refused" })).EnumerateArray());
    }

    [Fact]
    public async Task Snapshots_and_their_rows_are_there_after_a_restart()
    {
        using var directory = new TemporaryDirectory();
        await using (var first = await EmbeddedMilvus.OpenAsync(directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance))
        {
            await MakeAsync(first);
            await new SnapshotService(first.Proxy, first.Engine.Snapshots).CreateAsync(RequestContext.Default, new CreateSnapshot("default", "c", "s"), default);
            await first.Proxy.ExecuteAsync(RequestContext.Default, new DropCollection("default", "c"));
        }
        await using (var second = await EmbeddedMilvus.OpenAsync(directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance))
            await new SnapshotService(second.Proxy, second.Engine.Snapshots).RestoreAsync(RequestContext.Default, new RestoreSnapshot("default", "c", "s", "default", "d"), default);
        await using (var third = await EmbeddedMilvus.OpenAsync(directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance))
        {
            await third.Proxy.ExecuteAsync(RequestContext.Default, new DropSnapshot("default", "c", "s"));
            Assert.Equal(5, await CountAsync(third));
        }
        await using var fourth = await EmbeddedMilvus.OpenAsync(directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance);
        Assert.Equal(5, await CountAsync(fourth));
    }

    private static async Task MakeAsync(EmbeddedMilvus milvus)
    {
        await PlainCollection.CreateAsync(milvus, "c");
        await milvus.Proxy.InsertAsync(RequestContext.Default, PlainCollection.Rows("c", 1, 2, 3, 4, 5, 6));
        await PlainCollection.DeleteAsync(milvus, "c", 3);
    }

    private static async Task<long> CountAsync(EmbeddedMilvus milvus)
    {
        await milvus.Proxy.ExecuteAsync(RequestContext.Default, new LoadCollection("default", "d"));
        await milvus.Engine.WaitLoadedAsync(milvus.Coordinator.Catalog.GetCollection("default", "d"), default);
        return await PlainCollection.CountAsync(milvus, "d");
    }

    private async Task CreateAsync(string name)
    {
        await server.SendAsync("collections/drop", new { collectionName = name });
        await server.DataAsync("collections/create", $$$"""
            {"collectionName":"{{{name}}}","params":{"shardsNum":2},"schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},
            "indexParams":[{"fieldName":"v","metricType":"L2"}]}
            """);
        await server.DataAsync("partitions/create", new { collectionName = name, partitionName = "part" });
    }

    private Task<JsonElement> InsertAsync(string name, int first, int count)
    {
        var rows = string.Join(',', Enumerable.Range(first, count).Select(i => $$"""{"id":{{i}},"v":[{{i}},1]}"""));
        return server.DataAsync("entities/insert", $$"""{"collectionName":"{{name}}","partitionName":"{{(first % 200 == 0 ? "part" : "_default")}}","data":[{{rows}}]}""");
    }

    private async Task<long> CountAsync(string name)
    {
        await server.UntilAsync("collections/get_load_state", new { collectionName = name }, "loadState", "LoadStateLoaded");
        var rows = await server.DataAsync("entities/query", """{"collectionName":"NAME","filter":"","outputFields":["count(*)"],"consistencyLevel":"Strong"}""".Replace("NAME", name));
        return rows[0].GetProperty("count(*)").GetInt64();
    }
}
