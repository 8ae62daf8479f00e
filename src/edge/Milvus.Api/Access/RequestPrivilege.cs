using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Milvus.Coordinator.Access;
using Milvus.Protocol.Common;

namespace Milvus.Api.Access;

/// <summary>What a kind of request needs: a privilege, on the objects that one of its fields names.</summary>
internal sealed class RequestPrivilege
{
    private static readonly ConcurrentDictionary<MessageDescriptor, RequestPrivilege?> Known = new();

    private readonly FieldDescriptor? _object;
    private readonly FieldDescriptor? _database;

    private RequestPrivilege(MessageDescriptor message, PrivilegeExt declared)
    {
        ObjectType = declared.ObjectType switch
        {
            Protocol.Common.ObjectType.Collection => Privileges.CollectionType,
            Protocol.Common.ObjectType.User => Privileges.UserType,
            _ => Privileges.GlobalType,
        };
        Privilege = declared.ObjectPrivilege.ToString();
        // One field holds a name, another kind of field a list of them; neither means any object.
        var number = declared.ObjectNameIndexs > 0 ? declared.ObjectNameIndexs : declared.ObjectNameIndex;
        _object = number > 0 ? message.FindFieldByNumber(number) : null;
        // A database that is made or removed is what the request is about, not where it takes place.
        _database = declared.ObjectPrivilege is ObjectPrivilege.PrivilegeCreateDatabase or ObjectPrivilege.PrivilegeDropDatabase
            ? null
            : message.FindFieldByName("db_name") ?? message.FindFieldByName("dbName");
    }

    public string ObjectType { get; }

    /// <summary>With the <c>Privilege</c> prefix, as refusals spell it.</summary>
    public string Privilege { get; }

    /// <returns>Null for requests that need no privilege.</returns>
    public static RequestPrivilege? Of(MessageDescriptor message) => Known.GetOrAdd(message, static m =>
        m.GetOptions()?.GetExtension(CommonExtensions.PrivilegeExtObj) is { } declared ? new RequestPrivilege(m, declared) : null);

    public string DatabaseOf(IMessage request) => _database?.Accessor.GetValue(request) as string ?? "";

    public IEnumerable<string> ObjectsOf(IMessage request) => _object?.Accessor.GetValue(request) switch
    {
        string { Length: > 0 } name => [name],
        IEnumerable<string> names when names.Any() => names,
        // SelectUser and its like name the object in a message of one name.
        IMessage entity when entity.Descriptor.FindFieldByName("name")?.Accessor.GetValue(entity) is string { Length: > 0 } name => [name],
        _ => [Privileges.Any],
    };
}
