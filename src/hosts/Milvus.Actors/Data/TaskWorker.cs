using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Embedded;
using Milvus.Embedded.Collections;
using Milvus.Model;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.Storage.Meta;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Data;

/// <summary>
/// Carries out tasks: a few at a time, on threads of its own and of low priority, so that building does not look like a partition to the rest of the cluster. One per node.
/// </summary>
/// <remarks>Every task is safe to repeat: it looks first whether what it is for is there already or not wanted any more.</remarks>
public sealed class TaskWorker : IDisposable
{
    private readonly IMetaStore _meta;
    private readonly IObjectStore _objects;
    private readonly CatalogReplica _catalog;
    private readonly ICoordinatorClient _coordinator;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<long, SealedSegment?> _loaded;
    private readonly SemaphoreSlim _turns;
    private readonly SemaphoreSlim _importTurns = new(1);
    private readonly SemaphoreSlim _askingTurns = new(1);
    private readonly Func<long, CancellationToken, Task> _import;
    private readonly IndexBuildOptions _indexes;
    private readonly IFunctionFiller? _filler;

    /// <param name="filler">Computes outputs of functions that were added after rows were written.</param>
    /// <param name="concurrency">Tasks that run at once; more wait.</param>
    /// <param name="loaded">A segment by its id where this node has it in memory anyway, as it may when it is a query node too.</param>
    public TaskWorker(
        EngineOptions options, IMetaStore meta, IObjectStore objects, CatalogReplica catalog, ICoordinatorClient coordinator, TimeProvider time, ILoggerFactory logging, int concurrency = 1,
        Func<long, SealedSegment?>? loaded = null, Func<long, CancellationToken, Task>? import = null,
        IFunctionFiller? filler = null)
    {
        _filler = filler;
        _import = import ?? ((_, _) => throw new MilvusException(ErrorCode.UnsupportedOperation, "this node imports no files: unsupported operation"));
        _meta = meta;
        _objects = objects;
        _catalog = catalog;
        _coordinator = coordinator;
        _time = time;
        _logger = logging.CreateLogger<TaskWorker>();
        _loaded = loaded ?? (_ => null);
        _turns = new SemaphoreSlim(concurrency);
        _indexes = new IndexBuildOptions(options.MinIndexRows, options.BuildThreads);
    }

    /// <param name="import">Carries an import job out, by its id.</param>
    public static TaskWorker From(NodeServices services, IFunctionFiller filler, Func<long, SealedSegment?>? loaded = null, Func<long, CancellationToken, Task>? import = null) =>
        new(services.Options, services.Meta, services.Objects, services.Catalog, services.Coordinator, services.Time, services.Logging, loaded: loaded, import: import,
            filler: filler);

    /// <summary>Completes when the result is committed or there was nothing to do (any more); faults with the reason otherwise.</summary>
    internal async Task RunAsync(ITaskMessage task, CancellationToken cancellation)
    {
        // Imports mostly read and write, and a model takes the time it takes: indexes need not wait for them.
        var asksModels = task is CompactTask lacking && await AsksModelsAsync(lacking, cancellation).ConfigureAwait(false);
        var turns = task is ImportTask ? _importTurns : asksModels ? _askingTurns : _turns;
        await turns.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (task is ImportTask import)
            {
                // The job may have been taken in a moment ago.
                if (_catalog.Catalog.FindImport(import.JobId) is null) await _catalog.EnsureAsync(_catalog.Catalog.Version + 1, cancellation).ConfigureAwait(false);
                await _import(import.JobId, cancellation).ConfigureAwait(false);
                return;
            }
            await OnOwnThreadAsync(task.TaskId, () =>
            {
                switch (task)
                {
                    case BuildIndexTask build:
                        BuildIndex(build, cancellation);
                        break;
                    case CompactTask compact:
                        Compact(compact, asksModels, cancellation);
                        break;
                    default:
                        throw new MilvusException(ErrorCode.UnsupportedOperation, $"this node does not know tasks of the kind {task.GetType().Name}: unsupported operation");
                }
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _logger.LogError(e, "Task {Task} failed", task.TaskId);
            throw;
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose()
    {
        _turns.Dispose();
        _importTurns.Dispose();
        _askingTurns.Dispose();
    }

    private void BuildIndex(BuildIndexTask task, CancellationToken cancellation)
    {
        if (Find(task.CollectionId, c => c.Indexes.Any(i => i.Id == task.IndexId), cancellation) is not { } collection) return;
        var index = collection.Indexes.First(i => i.Id == task.IndexId);
        var stored = Wait(SegmentStore.LoadAsync(_meta, task.CollectionId, cancellation));
        if (stored.Segments.FirstOrDefault(s => s.SegmentId == task.SegmentId) is not { } manifest) return;
        if (IndexBuilder.Needs(manifest, index, collection.Schema, _indexes with { AvailableBytes = task.AvailableBytes }) is not { } plan) return;
        var started = _time.GetTimestamp();
        var file = Build(manifest, collection, plan, cancellation).Indexes.FirstOrDefault(i => i.File.IndexId == task.IndexId)?.File;
        // A segment without such a field has no file, and never will.
        if (file is null) return;
        var isWanted = Wait(_coordinator.AttachIndexAsync(task.CollectionId, task.SegmentId, file, cancellation));
        _logger.LogInformation(
            "Collection {Collection}: built {Kind} index {Index} over {Rows} rows of segment {Segment} in {Seconds:F1} s{Outcome}",
            collection.Name, plan.Kind, index.Name, manifest.RowCount, manifest.SegmentId, _time.GetElapsedTime(started).TotalSeconds, isWanted ? "" : "; it is not wanted any more");
    }

    private void Compact(CompactTask task, bool asksModels, CancellationToken cancellation)
    {
        if (Find(task.CollectionId, _ => true, cancellation) is not { } collection) return;
        var stored = Wait(SegmentStore.LoadAsync(_meta, task.CollectionId, cancellation));
        var sources = stored.Segments.Where(s => task.SourceIds.Contains(s.SegmentId)).ToList();
        // Committed by an earlier attempt, or a source went another way.
        if (sources.Count != task.SourceIds.Length) return;
        var plan = new CompactionPlan(task.Shard, task.PartitionId, [.. sources]) { Parts = task.Parts };
        var tombstones = Wait(SegmentCompactor.ReadTombstonesAsync(stored.CheckpointOf(task.Shard)?.Tombstones ?? [], task.PartitionId, _objects, cancellation));
        var deletes = new CompactionDeletes([.. tombstones], new Timestamp(task.Horizon));
        var places = Enumerable.Range(0, task.Parts).Select(i => new SegmentPlace(task.TargetId + i, task.CollectionId, task.PartitionId, task.Shard)).ToArray();
        var now = Timestamp.FromMs(_time.GetUtcNow().ToUnixTimeMilliseconds());
        var written = Wait(SegmentCompactor.WriteAsync(plan, collection, deletes, places, now, _objects, _filler, cancellation)).ToArray();
        // What is heavy about it begins here.
        if (asksModels) _turns.Wait(cancellation);
        try
        {
            // With its indexes, so that it takes over from indexed segments without a time of exact search.
            for (var i = 0; i < written.Length; i++)
                foreach (var index in collection.Indexes)
                    if (IndexBuilder.Needs(written[i], index, collection.Schema, _indexes with { AvailableBytes = task.AvailableBytes }) is { } needed) written[i] = Build(written[i], collection, needed, cancellation).Manifest;
        }
        finally
        {
            if (asksModels) _turns.Release();
        }
        try
        {
            Wait(_coordinator.CommitSegmentsAsync(SegmentCompactor.Change(plan, [.. written]), cancellation));
        }
        catch (MilvusException e) when (e.Code is ErrorCode.CollectionNotFound or ErrorCode.SegmentNotFound)
        {
            _logger.LogInformation("Collection {Collection}: the compaction into segment {Segment} came too late: {Reason}", collection.Name, task.TargetId, e.Message);
            return;
        }
        _logger.LogInformation(
            "Collection {Collection}: compacted {Sources} segments of {Before} rows into {Targets} of {After} rows",
            collection.Name, sources.Count, sources.Sum(s => (long)s.RowCount), written.Length, written.Sum(w => (long)w.RowCount));
    }

    private async Task<bool> AsksModelsAsync(CompactTask task, CancellationToken cancellation)
    {
        if (_filler is null || _catalog.Catalog.FindCollection(task.CollectionId)?.Schema is not { } schema || schema.Functions.All(f => f.Type != FunctionType.TextEmbedding)) return false;
        var stored = await SegmentStore.LoadAsync(_meta, task.CollectionId, cancellation).ConfigureAwait(false);
        return stored.Segments.Any(s => task.SourceIds.Contains(s.SegmentId) && s.LacksModelOutputs(schema));
    }

    // What is missing here may have been made a moment ago: then the store knows it.
    private CollectionInfo? Find(long collectionId, Func<CollectionInfo, bool> isKnown, CancellationToken cancellation)
    {
        if (_catalog.Catalog.FindCollection(collectionId) is { } collection && isKnown(collection)) return collection;
        Wait(_catalog.EnsureAsync(_catalog.Catalog.Version + 1, cancellation).AsTask());
        return _catalog.Catalog.FindCollection(collectionId) is { } later && isKnown(later) ? later : null;
    }

    // Read first: what follows computes on this thread from its first line on. Both are garbage afterwards, as large as what they are built over, so the memory is given back.
    private SealedSegment Build(SegmentManifest manifest, CollectionInfo collection, SegmentIndexPlan plan, CancellationToken cancellation)
    {
        var loaded = _loaded(manifest.SegmentId);
        var segment = loaded ?? Wait(new SealedSegmentReader(_objects).LoadAsync(manifest, collection, [], cancellation));
        try
        {
            return Wait(IndexBuilder.BuildAsync(manifest, collection, plan, _objects, segment, cancellation));
        }
        finally
        {
            MemoryReturn.After(segment.MemoryBytes);
        }
    }

    // The thread is ours to block; the work on it must not wander off to the shared pool at every wait.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static Task OnOwnThreadAsync(string name, Action work)
    {
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                work();
                completion.SetResult();
            }
            catch (OperationCanceledException)
            {
                completion.SetCanceled();
            }
            catch (Exception e)
            {
                completion.SetException(e);
            }
        })
        {
            IsBackground = true,
            Name = name,
            Priority = ThreadPriority.BelowNormal,
        };
        thread.Start();
        return completion.Task;
    }
}
