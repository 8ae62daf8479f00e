using Milvus.Coordinator.Imports;

namespace Milvus.Coordinator.Persistence;

/// <summary>Import jobs as stored. Names and numbers here are frozen.</summary>
internal static class ImportCodec
{
    public static byte[] Encode(ImportJob job) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", job.Id);
        json.WriteString("database", job.Database);
        json.WriteString("collection", job.Collection);
        json.WriteNumber("collectionId", job.CollectionId);
        json.WriteOptional("partition", job.Partition);
        json.WriteOptional("user", job.User ?? "");
        json.WriteObjects("files", job.Files, static (j, f) =>
        {
            j.WriteStrings("paths", f.Paths);
            j.WriteOptional("size", f.Size);
            j.WriteOptional("total", f.TotalRows);
            j.WriteOptional("imported", f.ImportedRows);
        });
        json.WriteProperties("options", job.Options);
        json.WriteOptional("waits", !job.AutoCommit);
        if (job.Refresh is { } refresh)
        {
            json.WriteStartObject("refresh");
            json.WriteOptional("source", refresh.Source);
            json.WriteOptional("spec", refresh.Spec);
            json.WriteOptional("new", refresh.IsNew);
            json.WriteEndObject();
        }
        json.WriteNumber("createdAt", job.CreatedAt.Value);
        json.WriteOptional("completedAt", job.CompletedAt);
        json.WriteOptional("state", (int)job.State);
        json.WriteOptional("reason", job.Reason);
    });

    public static ImportJob Decode(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new ImportJob
    {
        Id = r.Number("id"),
        Database = r.Text("database"),
        Collection = r.Text("collection"),
        CollectionId = r.Number("collectionId"),
        Partition = r.OptionalText("partition"),
        User = r.OptionalText("user") is { Length: > 0 } user ? user : null,
        Files = r.Objects("files", static f => new ImportFile(f.Strings("paths"), f.OptionalNumber("size"), f.OptionalNumber("total"), f.OptionalNumber("imported"))),
        Options = r.Properties("options"),
        AutoCommit = !r.Flag("waits"),
        Refresh = r.OptionalObject("refresh", static f => new ExternalRefresh(f.OptionalText("source"), f.OptionalText("spec"), f.Flag("new"))),
        CreatedAt = r.Timestamp("createdAt"),
        CompletedAt = r.Timestamp("completedAt"),
        State = (ImportState)r.OptionalInt("state"),
        Reason = r.OptionalText("reason"),
    });
}
