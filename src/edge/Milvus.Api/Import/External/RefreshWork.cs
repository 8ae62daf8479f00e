using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Import.External;

/// <summary>
/// Reads the files of an external collection and puts their rows in place of those that it shows, in one commit. Segments whose files are all as they were stay, with
/// their indexes; only other files are read.
/// </summary>
internal sealed class RefreshWork(IMilvusProxy proxy, IImportGateway gateway, ExternalFiles files)
{
    // Small files share segments, so that there are not as many of these as of files.
    private const long MaxGroupBytes = 32 << 20;
    private const int MaxGroupFiles = 64;
    private const int Reports = 20;

    /// <param name="report">Told now and then which files are read and how far that is.</param>
    /// <exception cref="MilvusException">The files cannot be read, or the collection was changed meanwhile.</exception>
    public async Task RunAsync(ImportJob job, ExternalRefresh refresh, Func<ImportState, ImmutableArray<ImportFile>, Task<bool>> report, CancellationToken cancellation)
    {
        var collection = Find(job);
        var mapping = new ExternalMapping(collection);
        var (source, spec) = ExternalSpec.Check(refresh.Source, refresh.Spec);
        var found = await files.FindAsync(source, spec, mapping.Signature, cancellation);
        await using var intake = await gateway.BeginAsync(collection, job.Id, cancellation);
        var stored = await gateway.GetSegmentsAsync(collection.Id, cancellation);
        var now = found.Select(f => f.Mark).ToHashSet(StringComparer.Ordinal);
        var segments = stored.ToLookup(s => !s.Sources.IsEmpty && s.Sources.All(now.Contains));
        var covered = segments[true].SelectMany(s => s.Sources).ToHashSet(StringComparer.Ordinal);
        var groups = Group([.. found.Where(f => !covered.Contains(f.Mark))]);
        // Without their names, which nobody asks for: there may be thousands, and every report would carry them.
        var progress = groups.Select(g => new ImportFile([], g.Sum(f => f.Length))).ToImmutableArray();
        var step = Math.Max(1, groups.Count / Reports);
        for (var i = 0; i < groups.Count; i++)
        {
            var rows = 0L;
            foreach (var file in groups[i]) rows += await ReadAsync(job, mapping, collection, file, intake, cancellation);
            await intake.CutAsync([.. groups[i].Select(f => f.Mark)], cancellation);
            progress = progress.SetItem(i, progress[i] with { TotalRows = rows, ImportedRows = rows });
            if (i % step == 0 && i < groups.Count - 1) await report(ImportState.Importing, progress);
        }
        if (!await report(ImportState.Committing, progress)) return;
        await intake.CommitAsync([.. segments[false].Select(s => s.SegmentId)], cancellation);
    }

    private static List<ImmutableArray<ExternalFile>> Group(ImmutableArray<ExternalFile> files)
    {
        var groups = new List<ImmutableArray<ExternalFile>>();
        var group = ImmutableArray.CreateBuilder<ExternalFile>();
        var bytes = 0L;
        foreach (var file in files)
        {
            if (group.Count > 0 && (group.Count >= MaxGroupFiles || bytes + file.Length > MaxGroupBytes))
            {
                groups.Add(group.ToImmutable());
                group.Clear();
                bytes = 0;
            }
            group.Add(file);
            bytes += file.Length;
        }
        if (group.Count > 0) groups.Add(group.ToImmutable());
        return groups;
    }

    private async Task<long> ReadAsync(ImportJob job, ExternalMapping mapping, CollectionInfo begun, ExternalFile file, IRowIntake intake, CancellationToken cancellation)
    {
        var count = 0L;
        await foreach (var rows in ImportFileReader.ReadAsync(files.Store, [file.Key], ImportFileKinds.Of([file.Key]), mapping.Columns, ImportOptions.Default, cancellation))
        {
            var collection = Find(job);
            if (collection.SchemaUpdatedAt != begun.SchemaUpdatedAt) throw ImportFailures.Of("the schema of the collection was changed during the refresh");
            await proxy.InsertAsync(
                new RequestContext(collection.DatabaseName, job.User),
                new InsertRequest { Collection = collection.Name, RowCount = rows.Count, Columns = ReadRows(mapping, rows, file), Into = intake }, cancellation);
            count += rows.Count;
        }
        return count;
    }

    private static ImmutableArray<NamedColumn> ReadRows(ExternalMapping mapping, IReadOnlyList<JsonElement> rows, ExternalFile file)
    {
        try
        {
            return mapping.Read(rows);
        }
        catch (MilvusException e)
        {
            throw new MilvusException(e.Code, $"{file.Key}: {e.Message}", e) { IsInputError = e.IsInputError };
        }
    }

    // By its id: it may have another name by now.
    private CollectionInfo Find(ImportJob job) => proxy.Catalog.FindCollection(job.CollectionId) is { Schema.IsExternal: true } collection
        ? collection
        : throw ImportFailures.Of($"collection {job.CollectionId} was dropped");
}
