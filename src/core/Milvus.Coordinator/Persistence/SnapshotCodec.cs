using Milvus.Coordinator.Snapshots;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Snapshots and restore jobs as stored. Names here are frozen.</summary>
internal static class SnapshotCodec
{
    public static byte[] Encode(SnapshotInfo snapshot) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", snapshot.Id);
        json.WriteString("name", snapshot.Name);
        json.WriteOptional("description", snapshot.Description);
        json.WriteBase64String("collection", CollectionCodec.Encode(snapshot.Collection));
        json.WriteNumber("createdAt", snapshot.CreatedAt.Value);
        json.WriteOptional("protection", snapshot.ProtectionSeconds);
        json.WriteObjects("pins", snapshot.Pins, static (j, p) =>
        {
            j.WriteNumber("id", p.Id);
            j.WriteOptional("expiresAt", p.ExpiresAtMs);
        });
    });

    public static SnapshotInfo DecodeSnapshot(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new SnapshotInfo
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        Description = r.OptionalText("description"),
        Collection = CollectionCodec.DecodeCollection(key, Convert.FromBase64String(r.Text("collection"))),
        CreatedAt = r.Timestamp("createdAt"),
        ProtectionSeconds = r.OptionalNumber("protection"),
        Pins = r.Objects("pins", static p => new SnapshotPin(p.Number("id"), p.OptionalNumber("expiresAt"))),
    });

    public static byte[] Encode(RestoreJob job) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", job.Id);
        json.WriteString("snapshot", job.Snapshot);
        json.WriteString("database", job.Database);
        json.WriteString("collection", job.Collection);
        json.WriteNumber("startedAt", job.StartedAt.Value);
        json.WriteNumber("endedAt", job.EndedAt.Value);
    });

    public static RestoreJob DecodeRestore(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r =>
        new RestoreJob(r.Number("id"), r.Text("snapshot"), r.Text("database"), r.Text("collection"), r.Timestamp("startedAt"), r.Timestamp("endedAt")));
}
