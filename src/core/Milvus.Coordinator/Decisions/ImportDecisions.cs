using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class ImportDecisions
{
    /// <summary>Jobs that are over and still remembered.</summary>
    private const int Remembered = 1024;

    public static Decision Decide(Catalog catalog, CreateImport command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "import");
        if (command.Partition.Length > 0) GetPartition(collection, command.Partition);
        return Store(catalog, Job(collection, command.User, context) with { Partition = command.Partition, Files = command.Files, Options = command.Options, AutoCommit = command.AutoCommit });
    }

    public static Decision Decide(Catalog catalog, RefreshExternal command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Require(collection);
        if (command.Source.Length == 0 != (command.Spec.Length == 0)) throw MilvusException.InvalidParameter("external_source and external_spec must be both provided or both omitted");
        var isNew = command.Source.Length > 0;
        if (!isNew && collection.Schema.ExternalSource.Length == 0)
            throw MilvusException.InvalidParameter($"collection {collection.Name} has no persisted external_source/external_spec, give both");
        var refresh = isNew ? new ExternalRefresh(command.Source, command.Spec, true) : new ExternalRefresh(collection.Schema.ExternalSource, collection.Schema.ExternalSpec, false);
        ExternalSpec.Check(refresh.Source, refresh.Spec);
        if (catalog.Imports.FirstOrDefault(j => j.Refresh is not null && j.CollectionId == collection.Id && !j.IsOver) is { } active)
        {
            throw new MilvusException(
                ErrorCode.TaskDuplicate,
                string.Create(CultureInfo.InvariantCulture, $"refresh job {active.Id} is already in progress for collection {collection.Name}, please wait for it to complete or cancel it first: task duplicates[task=refresh_external_collection]"));
        }
        return Store(catalog, Job(collection, command.User, context) with { Refresh = refresh });
    }

    private static ImportJob Job(CollectionInfo collection, string? user, DecisionContext context) => new()
    {
        Id = context.Ids.NextId(),
        Database = collection.DatabaseName,
        Collection = collection.Name,
        CollectionId = collection.Id,
        User = user,
        Files = [],
        CreatedAt = context.Now,
    };

    private static Decision Store(Catalog catalog, ImportJob job)
    {
        var forgotten = catalog.Imports.Where(j => j.IsOver).OrderByDescending(j => j.Id).Skip(Remembered - 1).Select(j => new ImportRemoved(j.Id, j.CollectionId));
        return Accept(job.Id, [new ImportStored(job), .. forgotten]);
    }

    public static Decision Decide(Catalog catalog, ReportImport command, DecisionContext context)
    {
        var job = Get(catalog, command.Id);
        if (job.IsOver) return Unchanged;
        var next = job with
        {
            // A client may have aborted or committed meanwhile: reports never lead back.
            State = command.State < job.State ? job.State : command.State,
            Files = command.Files.IsDefaultOrEmpty ? job.Files : command.Files,
            Reason = command.Reason,
            CompletedAt = command.State is ImportState.Completed or ImportState.Failed ? context.Now : Timestamp.Zero,
        };
        // The collection's files are others from the moment on in which the job is done.
        if (next is { State: ImportState.Completed, Refresh: { IsNew: true } refresh } && catalog.FindCollection(job.CollectionId) is { Schema.IsExternal: true } collection)
            return Accept(job.Id, new ImportStored(next), new CollectionAltered(collection with { Schema = collection.Schema.WithExternal(refresh.Source, refresh.Spec) }, CollectionAspect.Properties));
        return Accept(job.Id, new ImportStored(next));
    }

    public static Decision Decide(Catalog catalog, CommitImport command) => GetBulk(catalog, command.Id) switch
    {
        { State: ImportState.Uncommitted } job => Accept(job.Id, new ImportStored(job with { State = ImportState.Committing })),
        { State: ImportState.Committing or ImportState.Completed } => Unchanged,
        var job => throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} is in state {job.State}, only an Uncommitted job can be committed")),
    };

    public static Decision Decide(Catalog catalog, AbortImport command, DecisionContext context)
    {
        var job = GetBulk(catalog, command.Id);
        if (job.State == ImportState.Failed) return Unchanged;
        if (job.State is ImportState.Committing or ImportState.Completed)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} is in state {job.State}, it cannot be aborted"));
        if (job.AutoCommit && job.State != ImportState.Pending)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} commits by itself, it cannot be aborted"));
        return Accept(job.Id, new ImportStored(job with { State = ImportState.Failed, Reason = "aborted by user", CompletedAt = context.Now }));
    }

    // Refreshes end by themselves only.
    private static ImportJob GetBulk(Catalog catalog, long id) => catalog.FindImport(id) is { Refresh: null } job ? job : throw Unknown(id);

    private static ImportJob Get(Catalog catalog, long id) => catalog.FindImport(id) ?? throw Unknown(id);

    private static MilvusException Unknown(long id) =>
        new(ErrorCode.ImportSystemFailed, string.Create(CultureInfo.InvariantCulture, $"job {id} not found: importing data failed on server side"));

    private static MilvusException Failed(string problem) => new(ErrorCode.ImportFailed, $"{problem}: importing data failed") { IsInputError = true };
}
