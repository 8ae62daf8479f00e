using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Service;
using Milvus.DataNode;
using Milvus.Model;

namespace Milvus.Actors.Data;

/// <summary>
/// Child of the coordinator: finds out which indexes segments lack and what is to be compacted, and has it done by the data nodes. What is planned is kept in memory only: a successor
/// finds the same work in the manifests, and the same entities at it.
/// </summary>
internal sealed class TaskPlanner : ReceiveActor, IWithTimers
{
    private const int MaxRemembered = 1000;
    private const string BuildPrefix = "index-";
    private static readonly TimeSpan s_fullLook = TimeSpan.FromSeconds(30);

    private readonly CoordinatorService _service;
    private readonly CoordinatorSettings _settings;
    private readonly PlannerSettings _planner;
    private readonly ILogger _logger;
    private readonly IndexBuildOptions _indexes;
    private readonly CompactionPlanning _compactions;
    private readonly ObjectKeeper _objects;
    private readonly Dictionary<string, PlannedTask> _tasks = new(StringComparer.Ordinal);
    private readonly HashSet<long> _dirty = [];
    private readonly Dictionary<long, int> _attempts = [];
    private readonly SortedDictionary<long, RequestedCompaction> _requested = [];
    private readonly CancellationTokenSource _stopped = new();
    private long _lookedAt;
    private long _compactedAt;
    private long _sweptAt;
    private long _availableBytes = long.MaxValue;
    private bool _isPlanning;
    private bool _isRemoving;

    public TaskPlanner(CoordinatorService service, CoordinatorSettings settings)
    {
        _service = service;
        _settings = settings;
        _planner = settings.Planner;
        _logger = settings.Logging.CreateLogger<TaskPlanner>();
        _indexes = new IndexBuildOptions(settings.Engine.MinIndexRows, settings.Engine.BuildThreads);
        _compactions = new CompactionPlanning(service, settings.Engine, settings.Time, settings.Channels);
        _objects = new ObjectKeeper(service, settings, _compactions.ChannelStatusesAsync);
        _lookedAt = _compactedAt = _sweptAt = settings.Time.GetTimestamp();
        Receive<Tick>(_ => OnTick());
        Receive<SegmentsCommitted>(c => Look(c.CollectionId));
        Receive<CatalogCommitted>(c =>
        {
            foreach (var (id, _) in c.Touched) Look(id);
        });
        Receive<TaskRunning>(OnRunning);
        Receive<TaskFinished>(OnFinished);
        Receive<StartCompaction>(OnStartCompaction);
        Receive<CompactionPlanned>(OnPlanned);
        Receive<GetCompactionState>(OnState);
        Receive<QueryMemory>(m => _availableBytes = m.AvailableBytes);
        Receive<RemovalEnded>(_ => _isRemoving = false);
        Receive<Complete>(c => Sender.Tell(c.Status with { Tasks = [.. _tasks.Values.Select(t => t.Describe())] }));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(CoordinatorService service, CoordinatorSettings settings) => Akka.Actor.Props.Create(() => new TaskPlanner(service, settings));

    /// <summary>True for the id of a task that builds the index over any segment.</summary>
    public static bool IsBuildOf(string taskId, long indexId) =>
        taskId.StartsWith(BuildPrefix, StringComparison.Ordinal) && taskId.EndsWith(string.Create(CultureInfo.InvariantCulture, $"-{indexId}"), StringComparison.Ordinal);

    protected override void PreStart()
    {
        foreach (var collection in _service.Catalog.Collections) Look(collection.Id);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _planner.Interval);
    }

    protected override void PostStop() => _stopped.Cancel();

    private void Look(long collectionId)
    {
        _objects.Track(collectionId);
        _dirty.Add(collectionId);
    }

    private void OnTick()
    {
        Revive();
        if (IsDue(ref _lookedAt, s_fullLook))
            foreach (var collection in _service.Catalog.Collections) _dirty.Add(collection.Id);
        foreach (var id in _dirty.ToList())
            if (PlanIndexes(id)) _dirty.Remove(id);
        PlanImports();
        if (!_isPlanning && _settings.Engine.AutoCompaction && IsDue(ref _compactedAt, _planner.CompactionInterval)) PlanCompactions();
        if (!_isPlanning) PlanFilling();
        if (!_isRemoving) Remove();
    }

    // Sends silent tasks again, and builds that failed once their pause is over: so that their failure is known until they succeed. Failed compactions are planned anew.
    private void Revive()
    {
        foreach (var (id, task) in _tasks.ToList())
        {
            var silence = _settings.Time.GetElapsedTime(task.At);
            if (task.State == TaskState.Failed)
            {
                if (silence < _planner.RetryPause) continue;
                if (IsStillNeeded(task))
                {
                    Send(task);
                    continue;
                }
                _tasks.Remove(id);
                _dirty.Add(task.CollectionId);
            }
            else if (silence >= _planner.TaskSilence)
            {
                if (_service.Catalog.FindCollection(task.CollectionId) is null) _tasks.Remove(id);
                else Send(task);
            }
        }
    }

    private bool PlanIndexes(long collectionId)
    {
        if (_service.Catalog.FindCollection(collectionId) is not { Indexes.IsEmpty: false } collection) return true;
        HashSet<long>? compacting = null;
        foreach (var segment in _service.Segments.GetSegments(collectionId))
        {
            foreach (var index in collection.Indexes)
            {
                if (IndexBuilder.Needs(segment, index, collection.Schema, _indexes) is null) continue;
                var id = BuildId(segment.SegmentId, index.Id);
                if (_tasks.ContainsKey(id)) continue;
                compacting ??= [.. _tasks.Values.Where(t => t.Message is CompactTask && t.State != TaskState.Failed).SelectMany(t => t.SegmentIds)];
                // Its successor comes with its indexes.
                if (compacting.Contains(segment.SegmentId)) continue;
                if (_tasks.Count >= _planner.MaxTasks) return false;
                Begin(new PlannedTask(new BuildIndexTask(id, collectionId, segment.SegmentId, index.Id, _availableBytes), collectionId, [segment.SegmentId]));
            }
        }
        return true;
    }

    private void PlanImports()
    {
        foreach (var job in _service.Catalog.Imports)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"import-{job.Id}");
            if (job.IsRunnable && !_tasks.ContainsKey(id) && _tasks.Count < _planner.MaxTasks) Begin(new PlannedTask(new ImportTask(id, job.CollectionId, job.Id), job.CollectionId, []));
        }
    }

    private void Begin(PlannedTask task)
    {
        _tasks[task.Message.TaskId] = task;
        Send(task);
    }

    private void Send(PlannedTask task)
    {
        task.State = TaskState.Sent;
        task.At = _settings.Time.GetTimestamp();
        var region = _settings.Tasks();
        if (!region.IsNobody()) region.Tell(task.Message, Self);
    }

    private void OnRunning(TaskRunning running)
    {
        if (!_tasks.TryGetValue(running.TaskId, out var task)) return;
        task.State = TaskState.Running;
        task.Node = running.Node;
        task.At = _settings.Time.GetTimestamp();
    }

    private void OnFinished(TaskFinished finished)
    {
        if (!_tasks.TryGetValue(finished.TaskId, out var task) || task.State == TaskState.Failed) return;
        foreach (var requested in _requested.Values)
        {
            if (requested.Open is null || !requested.Open.Remove(finished.TaskId, out var compaction)) continue;
            if (finished.Failure.Length == 0) requested.Done.Add(compaction);
            else requested.Failed++;
        }
        if (finished.Failure.Length == 0 && IsStillNeeded(task)) finished = finished with { Failure = "the node found nothing to do" };
        if (finished.Failure.Length == 0)
        {
            _tasks.Remove(finished.TaskId);
            foreach (var segment in task.SegmentIds) _attempts.Remove(segment);
            _dirty.Add(task.CollectionId);
            return;
        }
        task.State = TaskState.Failed;
        task.Node = finished.Node;
        task.Failure = finished.Failure;
        task.At = _settings.Time.GetTimestamp();
        if (task.Message is CompactTask failed) _attempts[failed.SourceIds[0]] = _attempts.GetValueOrDefault(failed.SourceIds[0]) + 1;
        _logger.LogWarning("Task {Task} failed on {Node} and is tried again in {Pause}: {Reason}", finished.TaskId, finished.Node, _planner.RetryPause, finished.Failure);
    }

    private static string BuildId(long segmentId, long indexId) => string.Create(CultureInfo.InvariantCulture, $"{BuildPrefix}{segmentId}-{indexId}");

    // A node with other settings may see no need; asking it every second would not change that.
    private bool IsStillNeeded(PlannedTask task) => task.Message is ImportTask import
        ? _service.Catalog.FindImport(import.JobId) is { IsRunnable: true }
        : task.Message is BuildIndexTask build && _service.Catalog.FindCollection(build.CollectionId) is { } collection
        && collection.Indexes.FirstOrDefault(i => i.Id == build.IndexId) is { } index && _service.Segments.FindSegment(build.CollectionId, build.SegmentId) is { } segment
        && IndexBuilder.Needs(segment, index, collection.Schema, _indexes) is not null;

    // ---- compaction ----

    private void PlanCompactions()
    {
        var ids = _service.Catalog.Collections.Where(c => c.Property("collection.autocompaction.enabled") != "false").Select(c => c.Id).ToArray();
        _isPlanning = true;
        Plan(ids, null, null);
    }

    // Not a matter of tidiness: until then rows are not found.
    private void PlanFilling()
    {
        HashSet<long>? busy = null;
        List<long>? lacking = null;
        foreach (var collection in _service.Catalog.Collections)
        {
            if (collection.Schema.Functions.IsEmpty) continue;
            foreach (var segment in _service.Segments.GetSegments(collection.Id))
            {
                if (!segment.LacksOutputs(collection.Schema)) continue;
                busy ??= Busy(isRequested: false);
                if (busy.Contains(segment.SegmentId)) continue;
                (lacking ??= []).Add(collection.Id);
                break;
            }
        }
        if (lacking is null) return;
        _isPlanning = true;
        Plan([.. lacking], null, null, onlyFilling: true);
    }

    private void OnStartCompaction(StartCompaction start) => Plan([start.CollectionId], new RequestedCompaction(), Sender, start.ByKey);

    // Beside the actor: asks channels, and the oracle may have to store its bound.
    private void Plan(long[] collections, RequestedCompaction? requested, IActorRef? replyTo, bool byKey = false, bool onlyFilling = false)
    {
        var busy = Busy(requested is not null);
        var attempts = new Dictionary<long, int>(_attempts);
        var available = _availableBytes;
        var self = Self;
        _ = Task.Run(async () =>
        {
            var plans = ImmutableArray.CreateBuilder<CompactTask>();
            var (id, failure) = (0L, (Exception?)null);
            try
            {
                if (requested is not null)
                {
                    _service.Catalog.GetCollection(collections[0]);
                    id = _service.Oracle.NextIds();
                }
                foreach (var collection in collections)
                    plans.AddRange(await _compactions.PlanAsync(collection, busy.Contains, s => attempts.GetValueOrDefault(s), available, requested is not null, byKey, onlyFilling).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                failure = e;
            }
            self.Tell(new CompactionPlanned(id, requested, plans.ToImmutable(), replyTo, failure, onlyFilling), ActorRefs.NoSender);
        });
    }

    // An index that is being built over a segment is wasted when the segment goes: worth it only when a client asked. A failed merge waits unless a client asks.
    private HashSet<long> Busy(bool isRequested) =>
        [.. _tasks.Values.Where(t => !isRequested || (t.Message is CompactTask && t.State != TaskState.Failed)).SelectMany(t => t.SegmentIds)];

    private void OnPlanned(CompactionPlanned planned)
    {
        if (planned.Requested is null) _isPlanning = false;
        if (planned.Failure is { } failure)
        {
            _logger.LogWarning(failure, "Compaction could not be planned");
            var code = failure is MilvusException milvus ? milvus.Code : ErrorCode.Unexpected;
            planned.ReplyTo?.Tell(new ControlFailed((int)code, failure.Message, false));
            return;
        }
        var begun = new Dictionary<string, CompactTask>(StringComparer.Ordinal);
        // Another plan may have been carried out meanwhile.
        var busy = Busy(planned.Requested is not null);
        foreach (var task in planned.Plans)
        {
            if (task.SourceIds.Any(busy.Contains)) continue;
            // A model may not answer for long; the rest is planned as these end.
            if (planned.IsFilling && _tasks.Count >= _planner.MaxTasks / 2) break;
            begun[task.TaskId] = task;
            Begin(new PlannedTask(task, task.CollectionId, task.SourceIds));
        }
        if (planned.Requested is not { } requested) return;
        requested.Open = begun;
        _requested[planned.Id] = requested;
        if (_requested.Count > MaxRemembered) _requested.Remove(_requested.Keys.First());
        planned.ReplyTo?.Tell(new CompactionStarted(planned.Id));
    }

    private void OnState(GetCompactionState ask)
    {
        // One that an earlier coordinator started has ended or will: its tasks are found again in the manifests, its number is not.
        if (_requested.TryGetValue(ask.CompactionId, out var requested)) Sender.Tell(requested.Describe());
        else Sender.Tell(new ControlFailed((int)ErrorCode.InvalidParameter, $"compaction {ask.CompactionId} is not known: invalid parameter", true));
    }

    // ---- objects that nothing refers to ----

    private void Remove()
    {
        var isSweep = IsDue(ref _sweptAt, _planner.SweepInterval);
        if (!isSweep && !_objects.HasDue) return;
        _isRemoving = true;
        var busy = _tasks.Values.SelectMany(t => t.SegmentIds).ToHashSet();
        var (self, stopped) = (Self, _stopped.Token);
        _ = Task.Run(async () =>
        {
            try
            {
                await _objects.RemoveDueAsync(stopped).ConfigureAwait(false);
                if (isSweep) await _objects.SweepAsync(busy.Contains, stopped).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _logger.LogWarning(e, "Objects that nothing refers to could not be removed; they are looked for again");
            }
            catch (OperationCanceledException)
            {
                // The coordinator goes; its successor finds them.
            }
            self.Tell(new RemovalEnded(), ActorRefs.NoSender);
        });
    }

    private bool IsDue(ref long last, TimeSpan interval)
    {
        if (_settings.Time.GetElapsedTime(last) < interval) return false;
        last = _settings.Time.GetTimestamp();
        return true;
    }

    /// <summary>Asks for a status with the tasks added.</summary>
    public sealed record Complete(ClusterStatus Status);

    /// <summary>From the coordinator: what the query node with the most memory has left of it.</summary>
    internal sealed record QueryMemory(long AvailableBytes);

    private sealed record CompactionPlanned(long Id, RequestedCompaction? Requested, ImmutableArray<CompactTask> Plans, IActorRef? ReplyTo, Exception? Failure, bool IsFilling);

    private sealed record RemovalEnded;

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
