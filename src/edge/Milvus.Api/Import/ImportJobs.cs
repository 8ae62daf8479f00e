using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Api.Import;

/// <summary>What a client asks for.</summary>
/// <param name="Files">Groups of paths; a group is one unit.</param>
public sealed record ImportRequest(
    string Database, string Collection, string Partition, ImmutableArray<ImmutableArray<string>> Files, ImportOptions Options, string? User = null);

/// <summary>
/// Bulk imports of this process: files of rows from object storage are checked, then inserted, one job after another. Jobs are kept
/// in memory: they are forgotten when the process ends. Thread-safe.
/// </summary>
public sealed partial class ImportJobs : IAsyncDisposable
{
    /// <summary>Most files of one request; Milvus' default.</summary>
    public const int MaxFiles = 1024;

    private const int MaxFinishedJobs = 4096;

    private readonly IMilvusProxy _proxy;
    private readonly ImportRunner _runner;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<long, ImportJob> _jobs = new();
    private readonly Channel<long> _queue = Channel.CreateUnbounded<long>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _worker;

    /// <param name="files">Where the paths of requests are found.</param>
    public ImportJobs(IMilvusProxy proxy, IObjectStore files, TimeProvider time, ILogger logger)
    {
        _proxy = proxy;
        _runner = new ImportRunner(proxy, files);
        _time = time;
        _logger = logger;
        _worker = Task.Run(WorkAsync);
    }

    /// <summary>Takes a request in; the work happens later.</summary>
    /// <returns>The job's id.</returns>
    /// <exception cref="MilvusException">The collection, the partition or the files cannot be.</exception>
    public long Create(ImportRequest request)
    {
        var collection = _proxy.Catalog.GetCollection(request.Database, request.Collection);
        if (request.Options.IsBackup)
        {
            if (request.Partition.Length == 0) throw new MilvusException(ErrorCode.MissingParameter, "partition not specified: missing parameter") { IsInputError = true };
            throw ImportFailures.Of("backups are not supported by this server");
        }
        CheckPartition(collection, request.Partition);
        var files = request.Files.RemoveAll(f => f.IsDefaultOrEmpty);
        if (files.IsEmpty) throw MilvusException.InvalidParameter("import request is empty");
        if (files.Length > MaxFiles) throw ImportFailures.Of($"The max number of import files should not exceed {MaxFiles}, but got {files.Length}");
        foreach (var paths in files) ImportFileKinds.Of(paths);
        var job = new ImportJob
        {
            Id = (long)_proxy.Now().Value,
            Database = request.Database,
            Collection = collection.Name,
            CollectionId = collection.Id,
            Partition = request.Partition,
            User = request.User,
            Files = [.. files.Select(f => new ImportFile(f[0]))],
            Options = request.Options,
            CreatedAt = _time.GetUtcNow(),
        };
        _jobs[job.Id] = job;
        _queue.Writer.TryWrite(job.Id);
        return job.Id;
    }

    /// <exception cref="MilvusException">1100: no number. 2101: no such job.</exception>
    public ImportJob Get(string id) => Get(ParseId(id));

    public ImportJob Get(long id) => _jobs.TryGetValue(id, out var job)
        ? job
        : throw ImportFailures.OfServer(string.Create(CultureInfo.InvariantCulture, $"import job does not exist, jobID={id}"));

    /// <param name="collectionId">Null for all collections of the database.</param>
    /// <returns>Oldest first.</returns>
    public ImmutableArray<ImportJob> List(string database, long? collectionId) =>
        [.. _jobs.Values.Where(j => j.Database == database && (collectionId is null || j.CollectionId == collectionId)).OrderBy(j => j.Id)];

    /// <summary>Lets a job go on that was asked to wait. Doing so again changes nothing.</summary>
    /// <exception cref="MilvusException">2100: it is not waiting.</exception>
    public void Commit(string id)
    {
        var job = Change(ParseId(id), j => j.State switch
        {
            ImportState.Uncommitted => j with { State = ImportState.Committing },
            ImportState.Committing or ImportState.Completed => j,
            _ => throw ImportFailures.Of($"import job {j.Id} is in state {j.State}, only an Uncommitted job can be committed"),
        }, out var before);
        if (before.State == ImportState.Uncommitted) _queue.Writer.TryWrite(job.Id);
    }

    /// <summary>Gives a job up whose rows are not written yet.</summary>
    /// <exception cref="MilvusException">2100: too late.</exception>
    public void Abort(string id) => Change(ParseId(id), j => j.State switch
    {
        ImportState.Failed => j,
        ImportState.Committing or ImportState.Completed => throw ImportFailures.Of($"import job {j.Id} is in state {j.State}, it cannot be aborted"),
        _ when j.Options.AutoCommit && j.State != ImportState.Pending => throw ImportFailures.Of($"import job {j.Id} commits by itself, it cannot be aborted"),
        _ => j with { State = ImportState.Failed, Reason = "aborted by user", CompletedAt = _time.GetUtcNow() },
    }, out _);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _worker;
        _stopping.Dispose();
    }

    private static void CheckPartition(CollectionInfo collection, string partition)
    {
        if (partition.Length == 0) return;
        if (collection.Schema.PartitionKey is not null) throw ImportFailures.Of("not allow to set partition name for collection with partition key");
        if (!collection.Partitions.Any(p => p.Name == partition))
            throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={partition}]") { IsInputError = true };
    }

    private static long ParseId(string id) => long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw MilvusException.InvalidParameter($"parse job id failed: strconv.ParseInt: parsing \"{id}\": invalid syntax");

    private ImportJob Change(long id, Func<ImportJob, ImportJob> change) => Change(id, change, out _);

    private ImportJob Change(long id, Func<ImportJob, ImportJob> change, out ImportJob before)
    {
        while (true)
        {
            before = Get(id);
            var after = change(before);
            if (ReferenceEquals(before, after) || _jobs.TryUpdate(id, after, before)) return after;
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var id in _queue.Reader.ReadAllAsync(_stopping.Token))
            {
                if (_jobs.TryGetValue(id, out var job) && !job.IsOver) await RunAsync(job);
                Forget();
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops; jobs do not outlive it.
        }
    }

    private async Task RunAsync(ImportJob job)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        if (job.Options.Timeout is { } timeout)
        {
            var left = job.CreatedAt + timeout - _time.GetUtcNow();
            limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
        try
        {
            if (job.State == ImportState.Pending)
            {
                job = Change(job.Id, j => j.IsOver ? j : j with { State = ImportState.Importing });
                await _runner.CheckAsync(job, (i, f) => Report(job.Id, i, f), limit.Token);
                if (!job.Options.AutoCommit)
                {
                    Change(job.Id, j => j.IsOver ? j : j with { State = ImportState.Uncommitted });
                    return;
                }
            }
            if (Get(job.Id).IsOver) return;
            await _runner.WriteAsync(job, (i, f) => Report(job.Id, i, f), limit.Token);
            Change(job.Id, j => j with { State = ImportState.Completed, CompletedAt = _time.GetUtcNow() });
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            Fail(job.Id, "import timeout");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (e is not MilvusException) LogFailure(e, job.Id);
            Fail(job.Id, e.Message);
        }
    }

    private void Report(long id, int file, Func<ImportFile, ImportFile> change) => Change(id, j => j with { Files = j.Files.SetItem(file, change(j.Files[file])) });

    private void Fail(long id, string reason) => Change(id, j => j with { State = ImportState.Failed, Reason = reason, CompletedAt = _time.GetUtcNow() });

    private void Forget()
    {
        if (_jobs.Count <= MaxFinishedJobs) return;
        foreach (var old in _jobs.Values.Where(j => j.IsOver).OrderBy(j => j.Id).Take(_jobs.Count - MaxFinishedJobs)) _jobs.TryRemove(old.Id, out _);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Import {Job} failed")]
    private partial void LogFailure(Exception problem, long job);
}
