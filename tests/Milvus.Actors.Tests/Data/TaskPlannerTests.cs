using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Data;
using Milvus.Actors.Messages;
using Milvus.Actors.Tests.Catalogs;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Models;
using Milvus.Proxy.Writing;
using Milvus.Segments;
using Milvus.Text.Analyzers;

namespace Milvus.Actors.Tests.Data;

public sealed class TaskPlannerTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private CoordinatorRig _rig = null!;
    private IActorRef _coordinator = null!;
    private CoordinatorClient _client = null!;
    private CollectionInfo _collection = null!;
    private TestProbe _hints = null!;

    public async Task InitializeAsync()
    {
        _rig = await CoordinatorRig.StartAsync();
        _hints = _rig.Kit.CreateTestProbe();
        _rig.System.EventStream.Subscribe(_hints, typeof(SegmentsChanged));
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_data_node_builds_the_indexes_that_segments_lack()
    {
        await StartAsync(withDataNode: true);
        await CommitAsync(1, 0, 50);
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        await CommitAsync(2, 50, 60);
        // Too small to be worth an index.
        await CommitAsync(3, 110, 5);
        var segments = await WhenAsync(s => s.Count(m => m.Indexes.Length == 1) == 2);
        Assert.All(segments.Where(s => s.SegmentId != 3), s => Assert.Equal((index.Id, SegmentIndexPlan.HnswBytes), (s.Indexes[0].IndexId, s.Indexes[0].Kind)));
        Assert.Empty(segments.Single(s => s.SegmentId == 3).Indexes);
        foreach (var file in segments.SelectMany(s => s.Indexes)) Assert.Equal(file.Bytes, await _rig.Objects.GetLengthAsync(file.ObjectKey));
    }

    [Theory]
    [InlineData(1000, SegmentIndexPlan.DiskGraph)]
    [InlineData(1 << 20, SegmentIndexPlan.HnswBytes)]
    public async Task An_automatic_index_stays_on_disk_where_query_nodes_have_no_memory_for_it(long left, string kind)
    {
        await StartAsync(withDataNode: true, queryMemory: new NodeUsage(5000, 5000 + left, 3));
        // Its heartbeat told.
        await EventuallyAsync(() => _client.AskAsync<ClusterStatus>(new GetClusterStatus(), default), s => s.Nodes.Any(n => n.Roles.Contains("query")));
        await _client.ExecuteAsync(CoordinatorRig.Index("AUTOINDEX"), default);
        await CommitAsync(1, 0, 50);
        var segments = await WhenAsync(s => s.All(m => m.Indexes.Length == 1));
        Assert.Equal(kind, segments[0].Indexes[0].Kind);
    }

    [Fact]
    public async Task Small_segments_are_merged_on_request()
    {
        await StartAsync(withDataNode: true);
        await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        for (var i = 0; i < 3; i++) await CommitAsync(i + 1, i * 20, 20);
        await WhenAsync(s => s.All(m => m.Indexes.Length == 1));

        var started = await _client.AskAsync<CompactionStarted>(new StartCompaction(_collection.Id, ByKey: false), default);
        var segments = await WhenAsync(s => s.Length == 1);
        Assert.Equal(60, segments[0].RowCount);
        Assert.Equal([1, 2, 3], segments[0].CompactedFrom.ToArray());
        // Indexed before it took over.
        Assert.Single(segments[0].Indexes);
        var state = await EventuallyAsync(() => _client.AskAsync<CompactionState>(new GetCompactionState(started.CompactionId), default), s => s.Completed);
        Assert.Equal((0, 1, 0), (state.Executing, state.Done, state.Failed));
        Assert.Equal([1, 2, 3], state.Sources[0]);
        Assert.Equal(segments[0].SegmentId, state.Targets[0]);
    }

    [Fact]
    public async Task Rows_are_divided_by_the_clustering_key_on_request()
    {
        _rig.Settings = _rig.Settings with { Engine = _rig.Settings.Engine with { Channel = _rig.Settings.Engine.Channel with { MaxSegmentRows = 40 } } };
        await StartAsync(withDataNode: true);
        await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        for (var i = 0; i < 5; i++) await CommitAsync(i + 1, i * 20, 20);
        await WhenAsync(s => s.All(m => m.Indexes.Length == 1));

        var started = await _client.AskAsync<CompactionStarted>(new StartCompaction(_collection.Id, ByKey: true), default);
        var segments = await WhenAsync(s => s.Length == 3);
        Assert.Equal(100, segments.Sum(s => s.RowCount));
        Assert.All(segments, s => Assert.InRange(s.RowCount, 33, 34));
        Assert.All(segments, s => Assert.Equal([1, 2, 3, 4, 5], s.CompactedFrom.ToArray()));
        Assert.All(segments, s => Assert.Single(s.Indexes));
        var state = await EventuallyAsync(() => _client.AskAsync<CompactionState>(new GetCompactionState(started.CompactionId), default), s => s.Completed);
        Assert.Equal((0, 1, 0), (state.Executing, state.Done, state.Failed));
        Assert.Equal(segments.Min(s => s.SegmentId), state.Targets[0]);
    }

    [Fact]
    public async Task Older_segments_get_the_outputs_of_a_later_function()
    {
        await StartAsync(withDataNode: true);
        await CommitAsync(1, 0, 30);
        await CommitAsync(2, 30, 20);
        await _client.ExecuteAsync(
            new AddField(CoordinatorRig.Database, CoordinatorRig.Collection, new FieldSchema
            {
                Name = "t",
                Type = DataType.VarChar,
                Nullable = true,
                Default = new Literal.Text("red fox"),
                TypeParams = [new("max_length", "99"), new("enable_analyzer", "true")],
            }),
            default);
        var added = await _client.ExecuteAsync(
            new AddFunction(CoordinatorRig.Database, CoordinatorRig.Collection, new FunctionSchema { Name = "f", Type = FunctionType.BM25, InputFields = ["t"], OutputFields = ["s"] })
            {
                Outputs = [new FieldSchema { Name = "s", Type = DataType.SparseFloatVector }],
            },
            default);
        var schema = added.Catalog.GetCollection(_collection.Id).Schema;
        var segments = await WhenAsync(s => s.All(m => !m.LacksOutputs(schema)));
        // One by one.
        Assert.Equal([[1L], [2L]], segments.Select(s => s.CompactedFrom.ToArray()).OrderBy(f => f[0]));
        Assert.Equal(50, segments.Sum(s => s.RowCount));
        var rows = await SealedSegment.LoadAsync(segments[0], schema, _rig.Objects);
        Assert.Equal(2 * 8, ((BinaryColumn)rows.Fetch(schema.Find("s")!.Id, [0]))[0].Length);
    }

    [Fact]
    public async Task A_model_that_does_not_answer_holds_up_no_other_task()
    {
        await StartAsync(withDataNode: false, withTexts: true);
        await CommitAsync(1, 0, 30);
        await CommitAsync(2, 30, 50);
        var added = await _client.ExecuteAsync(
            new AddFunction(
                CoordinatorRig.Database, CoordinatorRig.Collection, new FunctionSchema { Name = "f", Type = FunctionType.TextEmbedding, InputFields = ["t"], OutputFields = ["e"], Params = [new("provider", "slow")] })
            {
                Outputs = [new FieldSchema { Name = "e", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] }],
            },
            default);
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        await _rig.Replica.EnsureAsync(index.Catalog.Version, default);
        var model = new SlowModel();
        using var worker = new TaskWorker(
            _rig.Settings.Engine, _rig.Meta, _rig.Objects, _rig.Replica, _client, TimeProvider.System, NullLoggerFactory.Instance, filler: new FunctionFiller(new AnalyzerRegistry(), model));
        var filling = worker.RunAsync(new CompactTask("compact-1-0", _collection.Id, 0, _collection.Partitions[0].Id, [1], 99, 1, 0, long.MaxValue), default);
        await model.Asked.Task.WaitAsync(s_patience);
        await worker.RunAsync(new BuildIndexTask("index-2", _collection.Id, 2, index.Id, long.MaxValue), default).WaitAsync(s_patience);
        Assert.Single((await SegmentStore.LoadAsync(_rig.Meta, _collection.Id)).Segments.Single(s => s.SegmentId == 2).Indexes);
        Assert.False(filling.IsCompleted);
        model.Answer.SetResult();
        await filling.WaitAsync(s_patience);
        var filled = (await SegmentStore.LoadAsync(_rig.Meta, _collection.Id)).Segments.Single(s => s.SegmentId == 99);
        Assert.False(filled.LacksOutputs(added.Catalog.GetCollection(_collection.Id).Schema));
        Assert.Single(filled.Indexes);
    }

    [Fact]
    public async Task Deletes_up_to_the_checkpoint_are_folded_in()
    {
        await StartAsync(withDataNode: true);
        var deletes = await TombstoneFiles.WriteAsync(
            new TombstoneBatch(PrimaryKeys.Of([1, 2, 3, 30]), [new Timestamp(20), new Timestamp(21), new Timestamp(22), new Timestamp(23)]), $"tombstones/{_collection.Id}/0/1-0.del", _rig.Objects);
        await CommitAsync(1, 0, 20, [deletes]);
        await _client.AskAsync<CompactionStarted>(new StartCompaction(_collection.Id, ByKey: false), default);
        var segments = await WhenAsync(s => s.Length == 1 && s[0].SegmentId != 1);
        Assert.Equal(17, segments[0].RowCount);
        Assert.Equal(new Timestamp(1000), segments[0].DeletesAppliedTo);
    }

    [Fact]
    public async Task Nothing_to_compact_is_done_at_once()
    {
        await StartAsync(withDataNode: true);
        var started = await _client.AskAsync<CompactionStarted>(new StartCompaction(_collection.Id, ByKey: false), default);
        Assert.True((await _client.AskAsync<CompactionState>(new GetCompactionState(started.CompactionId), default)).Completed);
        await Assert.ThrowsAsync<MilvusException>(() => _client.AskAsync<CompactionStarted>(new StartCompaction(5, ByKey: false), default));
        await Assert.ThrowsAsync<MilvusException>(() => _client.AskAsync<CompactionState>(new GetCompactionState(5), default));
    }

    [Fact]
    public async Task A_failed_task_is_shown_and_tried_again()
    {
        await StartAsync(withDataNode: true);
        var manifest = await CommitAsync(1, 0, 50);
        var key = manifest.Columns.Single(c => c.FieldId == 101).ObjectKey;
        var whole = _rig.Objects.Get(key);
        _rig.Objects.Set(key, [1, 2, 3]);
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        var status = await EventuallyAsync(() => _client.AskAsync<ClusterStatus>(new GetClusterStatus(), default), s => s.Tasks.Any(t => t.State == "failed"));
        var failed = Assert.Single(status.Tasks);
        Assert.Equal("index", failed.Kind);
        Assert.Contains(key, failed.Failure);
        Assert.True(TaskPlanner.IsBuildOf(failed.TaskId, index.Id));
        Assert.False(TaskPlanner.IsBuildOf(failed.TaskId, index.Id % 1000));
        _rig.Objects.Set(key, whole);
        await WhenAsync(s => s[0].Indexes.Length == 1);
        await EventuallyAsync(() => _client.AskAsync<ClusterStatus>(new GetClusterStatus(), default), s => s.Tasks.Length == 0);
    }

    [Fact]
    public async Task A_silent_task_is_sent_again_under_the_same_name()
    {
        var region = _rig.Kit.CreateTestProbe();
        _rig.Tasks = region;
        _rig.Settings = _rig.Settings with { Planner = _rig.Settings.Planner with { TaskSilence = TimeSpan.FromMilliseconds(200) } };
        await StartAsync(withDataNode: false);
        await CommitAsync(1, 0, 50);
        var index = await _client.ExecuteAsync(CoordinatorRig.Index(), default);
        var first = await region.ExpectMsgAsync<BuildIndexTask>(s_patience);
        var second = await region.ExpectMsgAsync<BuildIndexTask>(s_patience);
        Assert.Equal(first, second);
        Assert.Equal(new BuildIndexTask($"index-1-{index.Id}", _collection.Id, 1, index.Id, long.MaxValue), first);
        region.Reply(new TaskRunning(first.TaskId, "node"));
        var status = await EventuallyAsync(() => _client.AskAsync<ClusterStatus>(new GetClusterStatus(), default), s => s.Tasks.Any(t => t.Node == "node"));
        Assert.Single(status.Tasks);
    }

    [Fact]
    public async Task The_objects_of_removed_segments_go_after_a_while_and_others_stay()
    {
        _rig.Settings = _rig.Settings with { Planner = _rig.Settings.Planner with { RemovedGrace = TimeSpan.FromMilliseconds(100) } };
        await StartAsync(withDataNode: true);
        var old = new List<SegmentManifest> { await CommitAsync(1, 0, 20), await CommitAsync(2, 20, 20) };
        await _client.AskAsync<CompactionStarted>(new StartCompaction(_collection.Id, ByKey: false), default);
        var merged = Assert.Single(await WhenAsync(s => s.Length == 1));
        await EventuallyAsync(
            () => Task.WhenAll(old.SelectMany(s => s.Columns).Select(c => _rig.Objects.GetLengthAsync(c.ObjectKey))), lengths => lengths.All(l => l is null));
        foreach (var column in merged.Columns) Assert.NotNull(await _rig.Objects.GetLengthAsync(column.ObjectKey));
    }

    [Fact]
    public async Task Old_objects_that_nothing_refers_to_go_unless_their_segment_grows()
    {
        var channels = _rig.Kit.CreateTestProbe();
        channels.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is GetChannelStatus ask)
            {
                sender.Tell(new ChannelStatus
                {
                    CollectionId = ask.CollectionId,
                    Shard = ask.Shard,
                    Node = "n",
                    AppliedSequence = 1,
                    CheckpointSequence = 1,
                    LoadPhase = 0,
                    LoadPercent = 0,
                    // One that grows, and one that is being sealed when the sweep begins.
                    Growing = [new GrowingStatus(8, 1, 1, 0, 1, 1, false), new GrowingStatus(1, 1, 1, 0, 1, 1, true)],
                });
            }
            return AutoPilot.KeepRunning;
        }));
        _rig.Settings = _rig.Settings with { Channels = () => channels, Planner = _rig.Settings.Planner with { SweepInterval = TimeSpan.FromMilliseconds(100) } };
        await StartAsync(withDataNode: true);
        var live = await CommitAsync(1, 0, 20);
        var young = await _client.AllocateIdsAsync(1, default);
        var prefix = $"segments/{_collection.Id}/{_collection.Partitions[0].Id}";
        string[] stay = [$"{prefix}/8/100.col", $"{prefix}/{young}/100.col", $"{prefix}/1/101-77.idx", "segments/odd", "else/1/2/3/4"];
        string[] go = [$"{prefix}/7/100.col", "segments/99/1/7/100.col"];
        foreach (var key in stay.Concat(go)) await _rig.Objects.PutAsync(key, new byte[] { 1 });
        await EventuallyAsync(() => Task.WhenAll(go.Select(k => _rig.Objects.GetLengthAsync(k))), lengths => lengths.All(l => l is null));
        foreach (var key in stay.Concat(live.Columns.Select(c => c.ObjectKey))) Assert.NotNull(await _rig.Objects.GetLengthAsync(key));
    }

    private async Task StartAsync(bool withDataNode, bool withTexts = false, NodeUsage? queryMemory = null)
    {
        _coordinator = _rig.StartCoordinator();
        _client = _rig.Client(_coordinator);
        _rig.RegisterNode(_coordinator, queryMemory);
        if (withDataNode)
        {
            var worker = new TaskWorker(_rig.Settings.Engine, _rig.Meta, _rig.Objects, _rig.Replica, _client, TimeProvider.System, NullLoggerFactory.Instance,
                filler: new FunctionFiller(new AnalyzerRegistry(), new HttpModelGateway(ModelOptions.Default, TimeProvider.System)));
            _rig.Tasks = await TaskRegion.StartAsync(_rig.System, worker);
        }
        var made = await _client.ExecuteAsync(CoordinatorRig.Create(withTexts: withTexts), default);
        _collection = made.Catalog.GetCollection(made.Id);
    }

    private async Task<SegmentManifest> CommitAsync(long id, int firstKey, int rows, ImmutableArray<TombstoneFile> tombstones = default)
    {
        var manifest = await _rig.SealAsync(_collection, id, firstKey, rows);
        await _client.CommitSegmentsAsync(CoordinatorRig.Change(manifest, id, tombstones), default);
        return manifest;
    }

    /// <summary>The segments once they are as wanted; looks again at every hint.</summary>
    private async Task<ImmutableArray<SegmentManifest>> WhenAsync(Func<ImmutableArray<SegmentManifest>, bool> isWanted)
    {
        while (true)
        {
            var stored = await SegmentStore.LoadAsync(_rig.Meta, _collection.Id);
            if (isWanted(stored.Segments)) return stored.Segments;
            await _hints.ExpectMsgAsync<SegmentsChanged>(s_patience);
        }
    }

    private async Task<T> EventuallyAsync<T>(Func<Task<T>> ask, Func<T, bool> isWanted)
    {
        T answer = default!;
        await _rig.Kit.AwaitConditionAsync(async () => isWanted(answer = await ask()), s_patience, TimeSpan.FromMilliseconds(20));
        return answer;
    }

    private sealed class SlowModel : IModelGateway
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void CheckEmbedding(ModelCall call)
        {
        }

        public void CheckReranker(ModelCall call)
        {
        }

        public async Task<float[][]> EmbedAsync(ModelCall call, EmbeddingPurpose purpose, IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            Asked.TrySetResult();
            await Answer.Task.WaitAsync(cancellation);
            return [.. texts.Select(t => new float[] { t.Length, 1 })];
        }

        public Task<double[]> RerankAsync(ModelCall call, string query, IReadOnlyList<string> texts, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
