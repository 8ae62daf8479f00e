using System.Runtime.InteropServices;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Api.Import;

/// <summary>
/// The work of one job. Every row is read and checked before the first one is written, so that a faulty file leaves nothing behind;
/// a server that stops while rows are written leaves those that were.
/// </summary>
internal sealed class ImportRunner(IMilvusProxy proxy, IObjectStore files)
{
    private const int MaxChunkRows = 4096;
    private const int MaxChunkBytes = 8 << 20;

    /// <param name="report">Takes the index of a file and its new numbers.</param>
    /// <exception cref="MilvusException">2100, or whatever inserting these rows says.</exception>
    public Task CheckAsync(ImportJob job, Action<int, Func<ImportFile, ImportFile>> report, CancellationToken cancellation) =>
        RunAsync(job, checkOnly: true, report, cancellation);

    public Task WriteAsync(ImportJob job, Action<int, Func<ImportFile, ImportFile>> report, CancellationToken cancellation) =>
        RunAsync(job, checkOnly: false, report, cancellation);

    private async Task RunAsync(ImportJob job, bool checkOnly, Action<int, Func<ImportFile, ImportFile>> report, CancellationToken cancellation)
    {
        for (var i = 0; i < job.Files.Length; i++)
        {
            var path = job.Files[i].Path;
            var size = await LengthAsync(path, cancellation);
            await using var content = await files.OpenReadAsync(Key(path), cancellationToken: cancellation);
            long count = 0;
            report(i, f => f with { Size = size });
            var chunk = new List<JsonElement>();
            var bytes = 0L;
            var schema = Collection(job).Schema;
            await foreach (var row in ImportFileReader.ReadAsync(content, ImportFileKinds.Of([path]), schema, job.Options, cancellation))
            {
                chunk.Add(row);
                bytes += JsonMarshal.GetRawUtf8Value(row).Length;
                if (chunk.Count < MaxChunkRows && bytes < MaxChunkBytes) continue;
                await FlushAsync();
            }
            if (chunk.Count > 0) await FlushAsync();

            async Task FlushAsync()
            {
                await InsertAsync(job, chunk, checkOnly, cancellation);
                count += chunk.Count;
                chunk.Clear();
                bytes = 0;
                var rows = count;
                report(i, checkOnly ? f => f with { TotalRows = rows } : f => f with { ImportedRows = rows });
            }
        }
    }

    private Task InsertAsync(ImportJob job, List<JsonElement> rows, bool checkOnly, CancellationToken cancellation) =>
        proxy.InsertAsync(new RequestContext(job.Database, job.User), new InsertRequest
        {
            Collection = job.Collection,
            Partition = job.Partition,
            RowCount = rows.Count,
            Columns = ImportRows.Read(rows, Collection(job)),
            CheckOnly = checkOnly,
        }, cancellation);

    private CollectionInfo Collection(ImportJob job)
    {
        var found = proxy.Catalog.GetCollection(job.Database, job.Collection);
        return found.Id == job.CollectionId ? found : throw ImportFailures.Of($"collection {job.CollectionId} was dropped");
    }

    private async Task<long> LengthAsync(string path, CancellationToken cancellation)
    {
        var key = Key(path);
        return (ObjectKeys.IsValid(key) ? await files.GetLengthAsync(key, cancellation) : null)
            ?? throw ImportFailures.OfServer($"get file size failed, path={path}: The specified key does not exist.");
    }

    private static string Key(string path) => path.TrimStart('/');
}
