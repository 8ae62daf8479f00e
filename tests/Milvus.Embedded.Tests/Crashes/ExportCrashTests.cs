using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;
using Milvus.TestKit.Objects;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>The machine stops while a snapshot is taken elsewhere or brought back, after every number of operations in turn.</summary>
public class ExportCrashTests
{
    private readonly InMemoryObjectStore _elsewhere = new();

    [Fact]
    public async Task An_export_that_broke_off_is_no_export_and_can_be_repeated()
    {
        await using var machine = new Machine(1);
        var rows = await FilledAsync(machine);
        string? address = null;
        var broken = 0;
        for (var operations = 0; address is null; operations++)
        {
            machine.Power.OffAfter(operations);
            try
            {
                address = await ExportAsync(machine);
            }
            catch (Exception e) when (machine.Power.IsOff && e is not Xunit.Sdk.XunitException)
            {
                broken++;
            }
            var files = await FilesAsync();
            await machine.CrashAsync(powerCut: operations % 2 == 0);
            await machine.StartAsync();
            Assert.Equal(address is not null, files.Any(f => f.EndsWith(SnapshotTransfer.DescriptionName, StringComparison.Ordinal)));
            if (address is null && files.Count > 0)
            {
                var folder = files[0][..files[0].IndexOf("/objects/", StringComparison.Ordinal)];
                var refused = await Assert.ThrowsAsync<MilvusException>(() => RestoreAsync(machine, $"s3://{folder}/{SnapshotTransfer.DescriptionName}"));
                Assert.Equal(ErrorCode.IoFailed, refused.Code);
                Assert.Contains("object not found", refused.Message);
                Assert.DoesNotContain(machine.Milvus.Coordinator.Catalog.Collections, c => c.Name == "copy");
            }
        }
        Assert.True(broken > 10, $"it took only {broken} operations");
        Assert.Equal(rows, await RowsAsync(machine, "c"));
        await RestoreAsync(machine, address);
        await machine.ExecuteAsync(new LoadCollection("", "copy"));
        Assert.Equal(rows, await RowsAsync(machine, "copy"));
    }

    [Fact]
    public async Task A_collection_is_brought_back_whole_or_not_at_all()
    {
        await using var machine = new Machine(2);
        var rows = await FilledAsync(machine);
        var address = await ExportAsync(machine);
        var isThere = false;
        for (var operations = 0; !isThere; operations++)
        {
            machine.Power.OffAfter(operations);
            var isAcknowledged = false;
            try
            {
                await RestoreAsync(machine, address);
                isAcknowledged = true;
            }
            catch (Exception) when (machine.Power.IsOff)
            {
            }
            await machine.CrashAsync(powerCut: operations % 2 == 0);
            await machine.StartAsync();
            isThere = machine.Milvus.Coordinator.Catalog.Collections.Any(c => c.Name == "copy");
            Assert.True(isThere || !isAcknowledged);
        }
        await machine.ExecuteAsync(new LoadCollection("", "copy"));
        Assert.Equal(rows, await RowsAsync(machine, "copy"));
        await machine.ExecuteAsync(new DropCollection("", "copy"));
        await Eventually.TrueAsync(async () => !await machine.Objects.ListAsync(SnapshotService.Root + "external-").AnyAsync(), "the removal of what the attempts left behind");
        Assert.Equal(rows, await RowsAsync(machine, "c"));
    }

    [Fact]
    public async Task A_copy_that_has_lost_something_is_made_anew()
    {
        await using var machine = new Machine(3);
        var rows = await FilledAsync(machine);
        var address = await ExportAsync(machine);
        foreach (var file in await FilesAsync())
        {
            var content = await _elsewhere.ReadAllBytesAsync(file);
            await _elsewhere.DeleteAsync(file);
            Assert.Equal(address, await ExportAsync(machine));
            Assert.Equal(content.Length, await _elsewhere.GetLengthAsync(file));
            await _elsewhere.PutAsync(file, content.AsMemory(0, content.Length / 2));
            Assert.Equal(address, await ExportAsync(machine));
            Assert.Equal(content.Length, await _elsewhere.GetLengthAsync(file));
        }
        await RestoreAsync(machine, address);
        await machine.ExecuteAsync(new LoadCollection("", "copy"));
        Assert.Equal(rows, await RowsAsync(machine, "copy"));
    }

    [Fact]
    public async Task A_snapshot_without_rows_is_told_from_one_that_is_gone()
    {
        await using var machine = new Machine(4);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        var id = await Snapshots(machine).CreateAsync(RequestContext.Default, new CreateSnapshot("", "c", "s"), default);
        await machine.RestartAsync();
        await RestoreAsync(machine, await ExportAsync(machine));
        await machine.ExecuteAsync(new LoadCollection("", "copy"));
        Assert.Empty(await RowsAsync(machine, "copy"));
        await machine.ExecuteAsync(new DropSnapshot("", "c", "s"));
        Assert.Null(await machine.Milvus.Engine.Snapshots.GetSnapshotAsync(id, default));
    }

    private static async Task<SortedDictionary<long, long>> FilledAsync(Machine machine)
    {
        await machine.StartAsync();
        await machine.CreateAsync("c", shards: 2);
        await machine.InsertAsync("c", [.. Enumerable.Range(0, 70).Select(k => ((long)k, (long)k * 3))]);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        await machine.InsertAsync("c", [.. Enumerable.Range(100, 10).Select(k => ((long)k, (long)k))]);
        await machine.DeleteAsync("c", 3, 4, 105);
        await Snapshots(machine).CreateAsync(RequestContext.Default, new CreateSnapshot("", "c", "s"), default);
        return await machine.AllAsync("c");
    }

    private static async Task<SortedDictionary<long, long>> RowsAsync(Machine machine, string name)
    {
        await machine.LoadedAsync(name);
        return await machine.AllAsync(name);
    }

    private static SnapshotService Snapshots(Machine machine) => new(machine.Proxy, machine.Milvus.Engine.Snapshots);

    // What is copied to loses its power with the machine.
    private SnapshotTransfer Transfer(Machine machine) =>
        new(machine.Proxy, machine.Milvus.Engine.Snapshots, new ExternalPlaces(new SwitchedObjectStore(_elsewhere, machine.Power)));

    private Task<string> ExportAsync(Machine machine) => Transfer(machine).ExportAsync(RequestContext.Default, "c", "s", "s3://vault/a", "", default);

    private Task<long> RestoreAsync(Machine machine, string address) => Transfer(machine).RestoreAsync(RequestContext.Default, "copy", address, "", default);

    private async Task<List<string>> FilesAsync() => await _elsewhere.ListAsync("").Select(o => o.Key).ToListAsync();
}
