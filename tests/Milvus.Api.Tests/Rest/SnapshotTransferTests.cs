using System.Text;
using Milvus.Api.Tests.Grpc;
using Milvus.Coordinator.Snapshots;
using Milvus.Protocol;
using Milvus.Storage.Objects;

namespace Milvus.Api.Tests.Rest;

/// <summary>Snapshots that are copied to a place outside of the server's objects and come back from there.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class SnapshotTransferTests(RestServer server)
{
    [Fact]
    public async Task A_collection_is_made_of_a_copy_when_the_original_is_long_gone()
    {
        await FillAsync("tr_source");
        var address = await ExportAsync("tr_source", "s3://vault/a/");
        Assert.StartsWith("s3://vault/a/tr_source-s-", address);
        // Again: it is there already.
        Assert.Equal(address, await ExportAsync("tr_source", "s3://vault/a"));
        await server.DataAsync("snapshots/drop", new { collectionName = "tr_source", snapshotName = "s" });
        await server.DataAsync("collections/drop", new { collectionName = "tr_source" });

        var job = (await server.DataAsync("jobs/snapshot/restore_external", new { targetCollectionName = "tr_target", snapshotMetadataURI = address })).GetProperty("jobId").GetInt64();
        Assert.Equal(("RestoreSnapshotCompleted", "tr_target"), await DescribeAsync(job));
        await server.DataAsync("collections/load", new { collectionName = "tr_target" });
        await server.Milvus.Engine.WaitLoadedAsync(server.Milvus.Proxy.Catalog.GetCollection("default", "tr_target"), default);
        Assert.Equal(250, await CountAsync("tr_target"));
        // It takes writes, and what is deleted from it is gone.
        await server.DataAsync("entities/insert", """{"collectionName":"tr_target","data":[{"id":9000,"v":[1,2]}]}""");
        await server.DataAsync("entities/delete", new { collectionName = "tr_target", filter = "id in [60,61]" });
        Assert.Equal(249, await CountAsync("tr_target"));
        Assert.Equal(1100, (await server.SendAsync("jobs/snapshot/restore_external", new { targetCollectionName = "tr_target", snapshotMetadataURI = address })).Code);

        // Another one of the same copy, over gRPC; objects are nobody else's.
        var restored = (await server.Grpc.CallAsync(TestServer.Path("RestoreExternalSnapshot"), new RestoreExternalSnapshotRequest { TargetCollectionName = "tr_again", SnapshotMetadataUri = address }))
            .Single(RestoreExternalSnapshotResponse.Parser);
        Assert.Equal(0, restored.Status.Code);
        await server.DataAsync("collections/drop", new { collectionName = "tr_target" });
        await server.DataAsync("collections/load", new { collectionName = "tr_again" });
        await server.Milvus.Engine.WaitLoadedAsync(server.Milvus.Proxy.Catalog.GetCollection("default", "tr_again"), default);
        Assert.Equal(250, await CountAsync("tr_again"));
    }

    [Fact]
    public async Task Damage_is_found_and_leaves_nothing_behind()
    {
        await FillAsync("tr_damage");
        var address = await ExportAsync("tr_damage", "s3://vault/damage");
        var folder = "vault/damage/" + address.Split('/')[^2];
        var archive = SnapshotArchive.Decode("copy", await server.ImportFiles.ReadAllBytesAsync($"{folder}/snapshot.json"));
        foreach (var o in new[] { archive.Objects[0], archive.Objects[^1] })
        {
            var key = $"{folder}/{o.File}";
            var good = await server.ImportFiles.ReadAllBytesAsync(key);
            var bad = (byte[])good.Clone();
            bad[bad.Length / 2] ^= 1;
            await server.ImportFiles.PutAsync(key, bad);
            await RefusedAsync("its bytes are not those that were exported", address);
            await server.ImportFiles.PutAsync(key, good.AsMemory(0, good.Length - 1));
            await RefusedAsync("its bytes are not those that were exported", address);
            await server.ImportFiles.DeleteAsync(key);
            await RefusedAsync("object not found", address);
            await server.ImportFiles.PutAsync(key, good);
        }
        var description = await server.ImportFiles.ReadAllBytesAsync($"{folder}/snapshot.json");
        foreach (var at in new[] { 3, description.Length / 2, description.Length - 3 })
        {
            var bad = (byte[])description.Clone();
            bad[at] ^= 2;
            await server.ImportFiles.PutAsync($"{folder}/snapshot.json", bad);
            await RefusedAsync("cannot be restored", address);
        }
        await server.ImportFiles.PutAsync($"{folder}/snapshot.json", Encoding.UTF8.GetBytes("""{"v":1}"""));
        await RefusedAsync("cannot be restored", address);
        await server.ImportFiles.PutAsync($"{folder}/snapshot.json", description);
        await server.DataAsync("jobs/snapshot/restore_external", new { targetCollectionName = "tr_mended", snapshotMetadataURI = address });
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        await FillAsync("tr_refused");
        Assert.Equal(2600, (await server.SendAsync("jobs/snapshot/export", new { collectionName = "tr_refused", snapshotName = "none", targetS3Path = "s3://vault/x" })).Code);
        Assert.Equal(1100, (await server.SendAsync("jobs/snapshot/export", new { collectionName = "tr_refused", snapshotName = "s", targetS3Path = "ftp://vault/x" })).Code);
        Assert.Equal(1100, (await server.SendAsync("jobs/snapshot/export", new { collectionName = "tr_refused", snapshotName = "s", targetS3Path = "s3://vault/../../etc" })).Code);
        await RefusedAsync("object not found", "s3://vault/nowhere/snapshot.json");
        var exported = (await server.Grpc.CallAsync(TestServer.Path("ExportSnapshot"), new ExportSnapshotRequest { CollectionName = "tr_refused", Name = "s" })).Single(ExportSnapshotResponse.Parser);
        Assert.Equal(1101, exported.Status.Code);
    }

    private async Task FillAsync(string collection)
    {
        await server.DataAsync("collections/create", $$$"""
            {"collectionName":"{{{collection}}}","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},
             "indexParams":[{"fieldName":"v","indexName":"v","metricType":"L2","indexType":"AUTOINDEX"}],"params":{"shardsNum":2}}
            """);
        var rows = string.Join(',', Enumerable.Range(0, 300).Select(i => $$"""{"id":{{i}},"v":[{{i}},1]}"""));
        await server.DataAsync("entities/insert", $$"""{"collectionName":"{{collection}}","data":[{{rows}}]}""");
        await server.DataAsync("entities/delete", new { collectionName = collection, filter = "id < 50" });
        await server.DataAsync("snapshots/create", new { collectionName = collection, snapshotName = "s" });
    }

    private async Task<string> ExportAsync(string collection, string target) =>
        (await server.DataAsync("jobs/snapshot/export", new { collectionName = collection, snapshotName = "s", targetS3Path = target })).GetProperty("snapshotMetadataURI").GetString()!;

    private async Task RefusedAsync(string text, string address)
    {
        var answer = await server.SendAsync("jobs/snapshot/restore_external", new { targetCollectionName = "tr_never", snapshotMetadataURI = address });
        Assert.NotEqual(0, answer.Code);
        Assert.Contains(text, answer.Message);
        Assert.False(server.Milvus.Proxy.Catalog.TryResolveCollection("default", "tr_never", out _));
    }

    private async Task<(string?, string?)> DescribeAsync(long job)
    {
        var described = await server.DataAsync("jobs/snapshot/describe", new { jobId = $"{job}" });
        return (described.GetProperty("state").GetString(), described.GetProperty("collectionName").GetString());
    }

    private async Task<int> CountAsync(string collection)
    {
        var rows = await server.DataAsync("entities/query", new { collectionName = collection, filter = "", outputFields = new[] { "count(*)" }, consistencyLevel = "Strong" });
        return int.Parse(rows[0].GetProperty("count(*)").ToString());
    }
}
