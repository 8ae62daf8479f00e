using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Milvus.Api.Import.External;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Api.Import;

/// <summary>
/// Carries import jobs out. The rows of a job become segments beside the log and come into being with one commit, so that an interrupted job has done
/// nothing and begins anew, and one that was interrupted behind its commit is found to be done. Safe to call for the same job twice, also on two nodes.
/// </summary>
/// <param name="files">Where the paths of requests are found.</param>
/// <param name="external">Where the files of external collections are found; null where every bucket is a directory of <paramref name="files"/>.</param>
public sealed partial class ImportWork(IMilvusProxy proxy, IImportGateway gateway, IObjectStore files, TimeProvider time, ILogger logger, ExternalPlaces? external = null)
{
    private readonly RefreshWork _refresh = new(proxy, gateway, new ExternalFiles(external ?? new ExternalPlaces(files)));

    /// <summary>Does what there is to do for a job now: all of it, or up to where it waits for its client.</summary>
    /// <exception cref="MilvusException">The catalogue cannot be told how it went; the job is to be tried again.</exception>
    public async Task RunAsync(long jobId, CancellationToken cancellation)
    {
        if (proxy.Catalog.FindImport(jobId) is not { IsRunnable: true } job) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var options = ImportOptions.From(job.Options);
            await using var timer = options.Timeout is { } timeout ? StartTimer(job, timeout, limit) : null;
            if (job.State == ImportState.Pending) await ReportAsync(job.Id, ImportState.Importing, job.Files, "", limit.Token);
            if (job.AutoCommit || job.State == ImportState.Committing) await ImportAsync(job, options, limit.Token);
            else await ReportAsync(job.Id, ImportState.Uncommitted, await ReadAsync(job, options, null, limit.Token), "", cancellation);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            await GiveUpAsync(job, "import timeout", cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException && !IsPassing(e))
        {
            if (e is not MilvusException) LogFailure(e, job.Id);
            await GiveUpAsync(job, e.Message, cancellation);
        }
    }

    private ITimer StartTimer(ImportJob job, TimeSpan timeout, CancellationTokenSource limit)
    {
        var left = DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedAt.PhysicalMs) + timeout - time.GetUtcNow();
        return time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    // Behind the commit the rows are there, whatever went wrong afterwards.
    private async Task GiveUpAsync(ImportJob job, string reason, CancellationToken cancellation)
    {
        var isDone = await gateway.IsImportedAsync(job.CollectionId, job.Id, cancellation);
        await ReportAsync(job.Id, isDone ? ImportState.Completed : ImportState.Failed, [], isDone ? "" : reason, cancellation);
    }

    // Nobody's fault and soon over: the job is tried again. A model may be away for long: who imports is told.
    private static bool IsPassing(Exception e) => e is MilvusException { Code: ErrorCode.Timeout or ErrorCode.ServiceUnavailable or ErrorCode.ServiceNotReady } and not ModelAwayException;

    private async Task ImportAsync(ImportJob job, ImportOptions options, CancellationToken cancellation)
    {
        if (await gateway.IsImportedAsync(job.CollectionId, job.Id, cancellation))
        {
            // By an attempt that was interrupted behind it.
        }
        else if (job.Refresh is { } refresh)
        {
            await _refresh.RunAsync(job, refresh, async (state, progress) =>
            {
                await ReportAsync(job.Id, state, progress, "", cancellation);
                return proxy.Catalog.FindImport(job.Id) is { IsRunnable: true };
            }, cancellation);
        }
        else
        {
            await using var intake = await gateway.BeginAsync(Collection(job), job.Id, cancellation);
            var read = await ReadAsync(job, options, intake, cancellation);
            // From here on a client cannot abort.
            await ReportAsync(job.Id, ImportState.Committing, read, "", cancellation);
            if (proxy.Catalog.FindImport(job.Id) is not { State: ImportState.Committing }) return;
            await intake.CommitAsync([], cancellation);
        }
        var done = proxy.Catalog.FindImport(job.Id)?.Files ?? job.Files;
        await ReportAsync(job.Id, ImportState.Completed, [.. done.Select(f => f with { ImportedRows = f.TotalRows })], "", CancellationToken.None);
    }

    /// <param name="intake">Null only checks the rows.</param>
    private async Task<ImmutableArray<ImportFile>> ReadAsync(ImportJob job, ImportOptions options, IRowIntake? intake, CancellationToken cancellation)
    {
        var schema = Collection(job).SchemaUpdatedAt;
        var result = job.Files;
        for (var i = 0; i < result.Length; i++)
        {
            result = result.SetItem(i, await ReadAsync(job, result[i], options, intake, cancellation));
            if (Collection(job).SchemaUpdatedAt != schema) throw ImportFailures.Of("the schema of the collection was changed during the import");
            if (i < result.Length - 1) await ReportAsync(job.Id, ImportState.Importing, result, "", cancellation);
        }
        return result;
    }

    private async Task<ImportFile> ReadAsync(ImportJob job, ImportFile file, ImportOptions options, IRowIntake? intake, CancellationToken cancellation)
    {
        long size = 0, count = 0;
        foreach (var path in file.Paths) size += await LengthAsync(path, cancellation);
        await foreach (var rows in ImportFileReader.ReadAsync(files, [.. file.Paths.Select(Key)], ImportFileKinds.Of(file.Paths), Collection(job).Schema, options, cancellation))
        {
            await InsertAsync(job, rows, intake, cancellation);
            count += rows.Count;
        }
        return file with { Size = size, TotalRows = count };
    }

    private Task InsertAsync(ImportJob job, IReadOnlyList<JsonElement> rows, IRowIntake? intake, CancellationToken cancellation)
    {
        var collection = Collection(job);
        return proxy.InsertAsync(new RequestContext(collection.DatabaseName, job.User), new InsertRequest
        {
            Collection = collection.Name,
            Partition = job.Partition,
            RowCount = rows.Count,
            Columns = ImportRows.Read(rows, collection),
            CheckOnly = intake is null,
            Into = intake,
        }, cancellation);
    }

    // By its id: it may have another name by now.
    private CollectionInfo Collection(ImportJob job) => proxy.Catalog.FindCollection(job.CollectionId) ?? throw ImportFailures.Of($"collection {job.CollectionId} was dropped");

    private Task ReportAsync(long id, ImportState state, ImmutableArray<ImportFile> progress, string reason, CancellationToken cancellation) =>
        proxy.ExecuteAsync(RequestContext.Default, new ReportImport(id, state, progress, reason), cancellation);

    private async Task<long> LengthAsync(string path, CancellationToken cancellation)
    {
        var key = Key(path);
        return (ObjectKeys.IsValid(key) ? await files.GetLengthAsync(key, cancellation) : null)
            ?? throw ImportFailures.OfServer($"get file size failed, path={path}: The specified key does not exist.");
    }

    // As import paths are written.
    private static string Key(string path) => path.TrimStart('/');

    [LoggerMessage(Level = LogLevel.Error, Message = "Import {Job} failed")]
    private partial void LogFailure(Exception problem, long job);
}
