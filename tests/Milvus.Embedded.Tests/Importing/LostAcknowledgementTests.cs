using System.Runtime.InteropServices;
using Milvus.Coordinator.Segments;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Importing;

/// <summary>
/// Commits that reached the meta store, which then was out of reach: what they named stays stored, and the rows of an import come into view once, without a restart.
/// </summary>
public class LostAcknowledgementTests
{
    private const int Rows = 40;

    [Fact]
    public async Task Its_rows_are_in_view_when_the_job_is_known_to_be_committed()
    {
        await using var machine = await LoseAsync(1);
        // Another commit finds out what the store holds.
        await machine.InsertAsync("c", (1000, 7));
        await machine.FlushedAsync("c");
        Assert.True(await machine.Milvus.Engine.IsImportedAsync(machine.Collection("c").Id, 77, CancellationToken.None));
        await machine.LoadedAsync("c");
        await CheckAsync(machine, Rows + 1);
    }

    [Fact]
    public async Task A_second_attempt_puts_the_rows_of_the_first_into_view_and_not_its_own()
    {
        await using var machine = await LoseAsync(2);
        await ImportAsync(machine);
        await machine.LoadedAsync("c");
        await CheckAsync(machine, Rows);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(50, true)]
    public async Task A_compaction_that_happened_after_all_loses_no_row(int rowsPerSegment, bool byKey)
    {
        await using var machine = new Machine(3);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        for (var i = 0; i < 2; i++)
        {
            await machine.InsertAsync("c", [.. Enumerable.Range(i * rowsPerSegment, rowsPerSegment).Select(key => ((long)key, key % 7L))]);
            await machine.FlushedAsync("c");
        }
        machine.Meta.LoseContactAfterNextCommit(new IOException("the store is out of reach"), "segment/");
        var id = await machine.CompactAsync("c", byKey);
        await Eventually.TrueAsync(async () => await machine.Milvus.Engine.GetCompactionAsync(id, CancellationToken.None) is { Completed: true }, "the end of the compaction");
        Assert.Equal(1, (await machine.Milvus.Engine.GetCompactionAsync(id, CancellationToken.None))!.Failed);
        machine.Meta.Reconnect();
        await machine.InsertAsync("c", (1000, 7));
        await machine.FlushedAsync("c");
        var rows = (2 * rowsPerSegment) + 1;
        Assert.Equal(rows, (await machine.AllAsync("c")).Count);
        // What is committed is what is compacted next, whatever is in view.
        await machine.CompactedAsync("c", byKey);
        await CheckAsync(machine, rows);
    }

    private static async Task<Machine> LoseAsync(int seed)
    {
        var machine = new Machine(seed);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        machine.Meta.LoseContactAfterNextCommit(new IOException("the store is out of reach"), "segment/");
        await Assert.ThrowsAsync<MilvusException>(() => ImportAsync(machine));
        machine.Meta.Reconnect();
        return machine;
    }

    private static async Task CheckAsync(Machine machine, int rows)
    {
        var engine = machine.Milvus.Engine;
        var stored = machine.Milvus.Coordinator.Segments.GetSegments(machine.Collection("c").Id).Select(s => s.SegmentId).Order().ToList();
        Assert.Equal(rows, (await machine.AllAsync("c")).Count);
        var inView = (await engine.GetSegmentsAsync(machine.Collection("c"), CancellationToken.None)).Where(s => s.Loaded).Select(s => s.SegmentId).Order();
        Assert.Equal(stored, inView);
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        Assert.Equal(rows, (await machine.AllAsync("c")).Count);
    }

    private static async Task ImportAsync(Machine machine)
    {
        var collection = machine.Collection("c");
        await using var intake = await machine.Milvus.Engine.BeginAsync(collection, 77, CancellationToken.None);
        var schema = collection.Schema;
        long[] keys = [.. Enumerable.Range(0, Rows)];
        var vectors = MemoryMarshal.AsBytes<float>(keys.SelectMany(Client.Vector).ToArray()).ToArray();
        await intake.AppendAsync(
            0,
            collection.Partitions[0].Id,
            new ColumnBatch(
                Rows,
                [
                    new FieldColumn(schema.Find("key")!.Id, new FixedColumn<long>(DataType.Int64, keys)),
                    new FieldColumn(schema.Find("stamp")!.Id, new FixedColumn<long>(DataType.Int64, keys)),
                    new FieldColumn(schema.Find("vector")!.Id, new VectorColumn(DataType.FloatVector, Client.Dimension, vectors)),
                ]),
            CancellationToken.None);
        await intake.CommitAsync([], CancellationToken.None);
    }
}
