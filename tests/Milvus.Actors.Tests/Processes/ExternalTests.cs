using System.Globalization;
using System.Text;
using Milvus.Storage.Minio;
using Milvus.Storage.Objects;
using Milvus.TestKit.S3;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>External collections, exported snapshots and stored terms on a cluster over a bucket, whose nodes die meanwhile.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ExternalTests(ITestOutputHelper output) : ClusterScenario(output)
{
    private const string Collection = "files";
    private const int RowsPerFile = 10_000;
    private const string Spec = """{"format":"json","extfs":{"cloud_provider":"minio","region":"us-east-1","access_key_id":"a","access_key_value":"b"}}""";

    [LongProcessFact]
    public async Task Files_in_a_bucket_are_shown_exported_and_restored_although_nodes_are_killed()
    {
        await using var storage = await S3Server.StartAsync();
        using var objects = await MinioObjectStore.OpenAsync(new MinioObjectStoreOptions(storage.Url, "milvus", storage.AccessKey, storage.SecretKey));
        var bucket = new Bucket($"{storage.Url}/milvus", storage.AccessKey, storage.SecretKey);
        await using var cluster = await ClusterProcesses.StartOnAsync(bucket, "coordinator,proxy", "coordinator,proxy", "streaming,query", "data", "data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[1], cluster.Nodes[0]);
        for (var i = 0; i < 4; i++) await WriteAsync(objects, i);
        await client.CallAsync("collections/create", Schema("minio://storage:9000/milvus/lake/rows"));

        // A data node dies at its work.
        var job = await RefreshAsync(client);
        await StateAsync(client, job, "RefreshInProgress");
        await ClusterProcesses.KillAsync(cluster.Nodes[3]);
        await StateAsync(client, job, "RefreshCompleted");
        await client.CallAsync("indexes/create", new { collectionName = Collection, indexParams = new[] { new { fieldName = "vector", indexName = "vector", metricType = "L2", indexType = "AUTOINDEX" } } });
        await LoadAsync(client, Collection);
        Assert.Equal(4 * RowsPerFile, await CountAsync(client, Collection, ""));
        Assert.Equal(2 * RowsPerFile, await CountAsync(client, Collection, "text_match(text, 'fox')"));

        // The coordinator dies while files come and go.
        await WriteAsync(objects, 4);
        await objects.DeleteAsync(Key(1));
        job = await RefreshAsync(client);
        await ClusterProcesses.KillAsync(cluster.Nodes[0]);
        await StateAsync(client, job, "RefreshCompleted");
        Assert.Equal(4 * RowsPerFile, await CountAsync(client, Collection, ""));
        Assert.Equal(0, await CountAsync(client, Collection, $"n >= {RowsPerFile} and n < {2 * RowsPerFile}"));
        Assert.Equal(1, await CountAsync(client, Collection, $"n == {(4 * RowsPerFile) + 7}"));

        await client.CallAsync("snapshots/create", new { collectionName = Collection, snapshotName = "then" }, Patience);
        var copy = (await client.CallAsync("jobs/snapshot/export", new { collectionName = Collection, snapshotName = "then", targetS3Path = "s3://milvus/vault" }, Patience))!["snapshotMetadataURI"]!.ToString();
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.CallAsync("jobs/snapshot/export", new { collectionName = Collection, snapshotName = "then", targetS3Path = "s3://milvus/segments/1" }));
        await client.CallAsync("snapshots/drop", new { collectionName = Collection, snapshotName = "then" });
        await client.CallAsync("jobs/snapshot/restore_external", new { targetCollectionName = "again", snapshotMetadataURI = copy }, Patience);
        await LoadAsync(client, "again");
        Assert.Equal(4 * RowsPerFile, await CountAsync(client, "again", ""));

        // Who loads the texts next reads their terms.
        await Task.WhenAll(TermsAsync(objects, "segments/"), TermsAsync(objects, "snapshots/"));
        var reader = cluster.Nodes[2];
        await ClusterProcesses.KillAsync(reader);
        cluster.Start(reader);
        await cluster.ReadyAsync(reader, Patience);
        foreach (var name in new[] { Collection, "again" })
            Assert.Equal(2 * RowsPerFile, await CountAsync(client, name, "text_match(text, 'fox')"));
        Assert.DoesNotContain("stored terms could not be used", File.ReadAllText(reader.LogFile), StringComparison.Ordinal);
    }

    private static object Schema(string source) => new
    {
        collectionName = Collection,
        schema = new
        {
            externalSource = source,
            externalSpec = Spec,
            fields = new object[]
            {
                new { fieldName = "n", dataType = "Int64", externalField = "n" },
                new { fieldName = "text", dataType = "VarChar", externalField = "text", elementTypeParams = new { max_length = 100, enable_analyzer = true, enable_match = true } },
                new { fieldName = "vector", dataType = "FloatVector", externalField = "vector", elementTypeParams = new { dim = 4 } },
            },
        },
    };

    private static string Key(int file) => $"lake/rows/{file}.jsonl";

    private static async Task WriteAsync(MinioObjectStore objects, int file)
    {
        var rows = new StringBuilder();
        for (var i = file * RowsPerFile; i < (file + 1) * RowsPerFile; i++)
            rows.Append(CultureInfo.InvariantCulture, $"{{\"n\":{i},\"text\":\"a {(i % 2 == 0 ? "red fox" : "grey seal")} w{i}\",\"vector\":[{i % 7},{i % 11},{i % 13},{i}]}}\n");
        await objects.PutAsync(Key(file), Encoding.UTF8.GetBytes(rows.ToString()));
    }

    private static async Task<string> RefreshAsync(ClusterClient client) =>
        (await client.CallAsync("jobs/external_collection/refresh", new { collectionName = Collection }, Patience))!["jobId"]!.ToString();

    private static async Task LoadAsync(ClusterClient client, string collection)
    {
        await client.CallAsync("collections/load", new { collectionName = collection }, Patience);
        while ((await client.CallAsync("collections/get_load_state", new { collectionName = collection }))!["loadState"]!.ToString() != "LoadStateLoaded")
            await Task.Delay(50);
    }

    private static async Task<int> CountAsync(ClusterClient client, string collection, string filter)
    {
        var rows = await client.CallAsync("entities/query", new { collectionName = collection, filter, outputFields = new[] { "count(*)" }, consistencyLevel = "Strong" }, Patience);
        return int.Parse(rows!.AsArray()[0]!["count(*)"]!.ToString(), CultureInfo.InvariantCulture);
    }

    // Waits until the job is in the state, or beyond it.
    private static async Task StateAsync(ClusterClient client, string job, string wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var state = (await client.CallAsync("jobs/external_collection/describe", new { jobId = long.Parse(job, CultureInfo.InvariantCulture) }))!;
            if (state["state"]!.ToString() is var now && (now == wanted || now == "RefreshCompleted")) return;
            Assert.True(now != "RefreshFailed", state.ToJsonString());
            await Task.Delay(20, patience.Token);
        }
    }

    private static async Task TermsAsync(MinioObjectStore objects, string prefix)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await foreach (var o in objects.ListAsync(prefix, patience.Token))
                if (o.Key.Contains(".terms-", StringComparison.Ordinal)) return;
            await Task.Delay(200, patience.Token);
        }
    }
}
