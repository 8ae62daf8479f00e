using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>What the tests with real processes share: a collection, a load on it, and a report of what its clients saw.</summary>
public abstract class ClusterScenario(ITestOutputHelper output)
{
    protected const string Name = "docs";

    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private int _reported;

    /// <summary>Creates the collection and starts two inserters and so many searchers; returns when so many rows were acknowledged.</summary>
    protected static async Task<Workload> LoadAsync(ClusterClient client, int replicas, int searchers, int rows)
    {
        await CreateAsync(client, replicas);
        var load = new Workload(client, Name, inserters: 2, searchers);
        await load.ProgressAsync(rows, Patience);
        return load;
    }

    protected static async Task CreateAsync(ClusterClient client, int replicas)
    {
        await client.CallAsync("collections/create", new
        {
            collectionName = Name,
            schema = new
            {
                fields = new object[]
                {
                    new { fieldName = "id", dataType = "Int64", isPrimary = true },
                    new { fieldName = "vector", dataType = "FloatVector", elementTypeParams = new { dim = Workload.Dimension } },
                },
            },
            indexParams = new[] { new { fieldName = "vector", indexName = "vector", metricType = "L2", @params = new { index_type = "HNSW", M = 16, efConstruction = 100 } } },
            @params = new { shardsNum = 2 },
        });
        await client.CallAsync("collections/alter_properties", new { collectionName = Name, properties = new Dictionary<string, string> { ["collection.replica.number"] = $"{replicas}" } });
        if (replicas > 1)
        {
            await client.CallAsync("collections/release", new { collectionName = Name });
            await client.CallAsync("collections/load", new { collectionName = Name });
        }
        while ((await client.CallAsync("collections/get_load_state", new { collectionName = Name }))!["loadState"]!.ToString() != "LoadStateLoaded")
            await Task.Delay(50);
    }

    protected void Report(string what, Workload load, TimeSpan? settled = null, long failedSearches = 0)
    {
        var line = FormattableString.Invariant(
            $"{what}: longest pause of inserts {load.TakeInsertGap().TotalSeconds:F1} s, of searches {load.TakeSearchGap().TotalSeconds:F1} s, {load.Acknowledged} rows, {load.InDoubt} in doubt, {load.Searches} searches, {load.FailedSearches} failed");
        if (settled is { } s) line += FormattableString.Invariant($", all parts answer after {s.TotalSeconds:F1} s, searches failed meanwhile {failedSearches}");
        output.WriteLine(line);
        foreach (var problem in load.Problems.GroupBy(p => p).Skip(_reported)) line += $"\n    {problem.Count()} × {problem.Key}";
        _reported = load.Problems.Distinct().Count();
        if (Environment.GetEnvironmentVariable("MILVUS_CLUSTER_REPORT") is { } file) File.AppendAllText(file, line + "\n");
    }
}
