using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Space;

/// <summary>A collection made of a snapshot refers to objects of another one: they stay as long as somebody does, and go with the last.</summary>
public class RestoredSpaceTests
{
    [Fact]
    public async Task Its_objects_go_with_it_when_all_others_went_before()
    {
        await using var machine = new Machine(1);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        await machine.InsertAsync("c", [.. Enumerable.Range(0, 40).Select(k => ((long)k, (long)k))]);
        await machine.FlushedAsync("c");
        await machine.DeleteAsync("c", 3, 4);
        var snapshots = new SnapshotService(machine.Proxy, machine.Milvus.Engine.Snapshots);
        await snapshots.CreateAsync(RequestContext.Default, new CreateSnapshot("", "c", "s"), CancellationToken.None);
        await snapshots.RestoreAsync(RequestContext.Default, new RestoreSnapshot("", "c", "s", "", "d"), CancellationToken.None);
        await machine.ExecuteAsync(new DropSnapshot("", "c", "s"));
        await machine.ExecuteAsync(new DropCollection("", "c"));
        await machine.ExecuteAsync(new LoadCollection("", "d"));
        await machine.LoadedAsync("d");
        Assert.Equal(38, (await machine.AllAsync("d")).Count);
        Assert.NotEmpty(await KeysAsync(machine));

        await machine.ExecuteAsync(new DropCollection("", "d"));
        await Eventually.TrueAsync(async () => (await KeysAsync(machine)).Count == 0, "the removal of all objects");
    }

    private static async ValueTask<List<string>> KeysAsync(Machine machine)
    {
        var keys = new List<string>();
        await foreach (var o in machine.Objects.ListAsync("")) keys.Add(o.Key);
        return keys;
    }
}
