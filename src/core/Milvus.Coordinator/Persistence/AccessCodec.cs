using Milvus.Coordinator.Access;
using Milvus.Coordinator.Resources;

namespace Milvus.Coordinator.Persistence;

/// <summary>Users, roles, privilege and resource groups as stored. Names here are frozen.</summary>
internal static class AccessCodec
{
    public static byte[] Encode(UserInfo user) => RecordWriter.Write(json =>
    {
        json.WriteString("name", user.Name);
        json.WriteStartObject("password");
        json.WriteString("kdf", "pbkdf2-sha256");
        json.WriteNumber("iterations", user.Password.Iterations);
        json.WriteString("salt", user.Password.Salt);
        json.WriteString("hash", user.Password.Hash);
        json.WriteEndObject();
        json.WriteOptional("description", user.Description);
        json.WriteStrings("roles", user.Roles);
        json.WriteNumber("createdAt", user.CreatedAt.Value);
    });

    public static UserInfo DecodeUser(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new UserInfo
    {
        Name = r.Text("name"),
        Password = ReadPassword(r.Object("password")),
        Description = r.OptionalText("description"),
        Roles = r.Strings("roles"),
        CreatedAt = r.Timestamp("createdAt"),
    });

    private static PasswordHash ReadPassword(RecordReader r) => r.Text("kdf") == "pbkdf2-sha256"
        ? new(r.Int("iterations"), r.Text("salt"), r.Text("hash"))
        : throw new FormatException($"unknown password hash '{r.Text("kdf")}'");

    public static byte[] Encode(RoleInfo role) => RecordWriter.Write(json =>
    {
        json.WriteString("name", role.Name);
        json.WriteOptional("description", role.Description);
        json.WriteObjects("grants", role.Grants, static (j, g) =>
        {
            j.WriteString("type", g.ObjectType);
            j.WriteString("object", g.ObjectName);
            j.WriteString("privilege", g.Privilege);
            j.WriteString("database", g.Database);
            j.WriteOptional("grantor", g.Grantor);
        });
        json.WriteNumber("createdAt", role.CreatedAt.Value);
    });

    public static RoleInfo DecodeRole(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new RoleInfo
    {
        Name = r.Text("name"),
        Description = r.OptionalText("description"),
        Grants = r.Objects("grants", static g => new Grant
        {
            ObjectType = g.Text("type"),
            ObjectName = g.Text("object"),
            Privilege = g.Text("privilege"),
            Database = g.Text("database"),
            Grantor = g.OptionalText("grantor"),
        }),
        CreatedAt = r.Timestamp("createdAt"),
    });

    public static byte[] Encode(PrivilegeGroupInfo group) => RecordWriter.Write(json =>
    {
        json.WriteString("name", group.Name);
        json.WriteStrings("privileges", group.Privileges);
    });

    public static PrivilegeGroupInfo DecodePrivilegeGroup(string key, ReadOnlyMemory<byte> value) =>
        RecordReader.Read(key, value, r => new PrivilegeGroupInfo { Name = r.Text("name"), Privileges = r.Strings("privileges") });

    public static byte[] Encode(ResourceGroupInfo group) => RecordWriter.Write(json =>
    {
        json.WriteString("name", group.Name);
        json.WriteOptional("requests", group.Config.RequestedNodes);
        json.WriteOptional("limits", group.Config.NodeLimit);
        json.WriteStrings("transferFrom", group.Config.TransferFrom);
        json.WriteStrings("transferTo", group.Config.TransferTo);
        json.WriteProperties("labels", group.Config.NodeLabels);
    });

    public static ResourceGroupInfo DecodeResourceGroup(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new ResourceGroupInfo(
        r.Text("name"),
        new ResourceGroupConfig
        {
            RequestedNodes = r.OptionalInt("requests"),
            NodeLimit = r.OptionalInt("limits"),
            TransferFrom = r.Strings("transferFrom"),
            TransferTo = r.Strings("transferTo"),
            NodeLabels = r.Properties("labels"),
        }));

    public static byte[] Encode(FileResourceInfo resource) => RecordWriter.Write(json =>
    {
        json.WriteNumber("id", resource.Id);
        json.WriteString("name", resource.Name);
        json.WriteString("path", resource.Path);
    });

    public static FileResourceInfo DecodeFileResource(string key, ReadOnlyMemory<byte> value) => RecordReader.Read(key, value, r => new FileResourceInfo(r.Number("id"), r.Text("name"), r.Text("path")));
}
