using System.Globalization;
using Milvus.Coordinator.Commands;
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
        if (command.Partition.Length > 0) GetPartition(collection, command.Partition);
        var job = new ImportJob
        {
            Id = context.Ids.NextId(),
            Database = collection.DatabaseName,
            Collection = collection.Name,
            CollectionId = collection.Id,
            Partition = command.Partition,
            User = command.User,
            Files = command.Files,
            Options = command.Options,
            AutoCommit = command.AutoCommit,
            CreatedAt = context.Now,
        };
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
        return Accept(job.Id, new ImportStored(next));
    }

    public static Decision Decide(Catalog catalog, CommitImport command) => Get(catalog, command.Id) switch
    {
        { State: ImportState.Uncommitted } job => Accept(job.Id, new ImportStored(job with { State = ImportState.Committing })),
        { State: ImportState.Committing or ImportState.Completed } => Unchanged,
        var job => throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} is in state {job.State}, only an Uncommitted job can be committed")),
    };

    public static Decision Decide(Catalog catalog, AbortImport command, DecisionContext context)
    {
        var job = Get(catalog, command.Id);
        if (job.State == ImportState.Failed) return Unchanged;
        if (job.State is ImportState.Committing or ImportState.Completed)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} is in state {job.State}, it cannot be aborted"));
        if (job.AutoCommit && job.State != ImportState.Pending)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"import job {job.Id} commits by itself, it cannot be aborted"));
        return Accept(job.Id, new ImportStored(job with { State = ImportState.Failed, Reason = "aborted by user", CompletedAt = context.Now }));
    }

    private static ImportJob Get(Catalog catalog, long id) => catalog.FindImport(id)
        ?? throw new MilvusException(ErrorCode.ImportSystemFailed, string.Create(CultureInfo.InvariantCulture, $"job {id} not found: importing data failed on server side"));

    private static MilvusException Failed(string problem) => new(ErrorCode.ImportFailed, $"{problem}: importing data failed") { IsInputError = true };
}
